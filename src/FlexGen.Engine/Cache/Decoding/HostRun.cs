using FlexGen.Engine.Memory;

namespace FlexGen.Engine.Cache.Decoding;

/// <summary>Attention of decoding sequences that a lane computes in host memory.</summary>
/// <param name="Transfer">What is waited for.</param>
/// <param name="Rows">What it reads and where its result goes.</param>
internal sealed record HostRun(Transfer Transfer, HostRows Rows) : IDisposable
{
    /// <summary>What the compute device does from now on finds the result in the output.</summary>
    public void Finish()
    {
        Transfer.WaitIssued();
        Rows.Deliver();
    }

    public void Dispose()
    {
        Rows.Dispose();
        Transfer.Dispose();
    }
}
