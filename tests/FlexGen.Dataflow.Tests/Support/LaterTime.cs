namespace FlexGen.Dataflow.Tests.Support;

/// <summary>An hour from now, when what was written now was written long ago.</summary>
internal sealed class LaterTime : TimeProvider
{
    public override DateTimeOffset GetUtcNow() => base.GetUtcNow().AddHours(1);
}
