namespace FlexGen.Engine.Tests.Support;

/// <summary>A rule that fails when it is asked, or when it is told.</summary>
internal sealed class Failing(bool inFill) : ITokenRule
{
    public bool IsOver => false;

    public void Fill(Span<uint> mask, int remaining)
    {
        mask.Fill(uint.MaxValue);
        Fail(inFill);
    }

    public bool Take(int token)
    {
        Fail(!inFill);
        return true;
    }

    private static void Fail(bool now)
    {
        if (now)
        {
            throw new InvalidOperationException("a state that is not there");
        }
    }
}
