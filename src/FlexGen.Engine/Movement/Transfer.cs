using FlexGen.Interop;

namespace FlexGen.Engine.Movement;

/// <summary>A copy under way, and what waits for it.</summary>
internal sealed class Transfer(CudaEvent? done) : IDisposable
{
    private readonly ManualResetEventSlim issued = new();
    private volatile EngineException? failure;

    /// <summary>Called by the lane when everything is in its stream, or, without a GPU, has been copied.</summary>
    public void Issued(CudaStream? stream)
    {
        if (done is not null)
        {
            stream!.Record(done);
        }

        issued.Set();
    }

    /// <summary>Called by the lane when a copy could not be made.</summary>
    public void Failed(EngineException exception)
    {
        failure = exception;
        issued.Set();
    }

    /// <summary>What the compute device does from now on waits for the copy.</summary>
    /// <exception cref="EngineException">The copy failed.</exception>
    public void WaitOnCompute()
    {
        WaitIssued();
        if (done is not null)
        {
            CudaStream.Current.Wait(done);
        }
    }

    /// <summary>Blocks this thread until the bytes are there.</summary>
    /// <exception cref="EngineException">The copy failed.</exception>
    public void WaitOnHost()
    {
        WaitIssued();
        done?.Synchronize();
    }

    /// <summary>Blocks this thread until the copy is done or has failed: what it touches can be freed.</summary>
    public void Settle()
    {
        issued.Wait();
        if (failure is null)
        {
            done?.Synchronize();
        }
    }

    public void Dispose() => done?.Dispose();

    /// <summary>Blocks this thread until the lane has done its part. What it did in host memory is done then.</summary>
    /// <exception cref="EngineException">The copy failed.</exception>
    public void WaitIssued()
    {
        issued.Wait();
        if (failure is not null)
        {
            throw new EngineException(failure.Message, failure);
        }
    }
}
