using System.Collections.Concurrent;
using FlexGen.Engine.Tracing;
using FlexGen.Interop;

namespace FlexGen.Engine.Memory;

/// <summary>One direction of traffic between tiers: a thread, and on a GPU a stream, that makes copies in the order they are asked for.</summary>
internal sealed class Lane : IDisposable
{
    private readonly BlockingCollection<Job> jobs = [];
    private readonly int? gpu;
    private readonly Trace? trace;
    private readonly bool waitsOnThread;
    private readonly bool tracesCopies;
    private readonly ResourceMeter? meter;
    private readonly Thread thread;

    /// <param name="name">Its thread's name.</param>
    /// <param name="gpu">The GPU's index; null without one.</param>
    /// <param name="trace">What records its work; null: nothing does.</param>
    /// <param name="waitsOnThread">
    /// Whether its thread, not its stream, waits for the compute device: a copy from the GPU that waits in its stream was seen to get its turn
    /// only when all the copies to the GPU that were asked for had ended.
    /// </param>
    /// <param name="tracesCopies">Whether its own work is recorded, and not only the waits for it.</param>
    /// <param name="meter">What counts its copies; null: nothing does.</param>
    public Lane(string name, int? gpu, Trace? trace, bool waitsOnThread = false, bool tracesCopies = true, ResourceMeter? meter = null)
    {
        (this.gpu, this.trace, this.waitsOnThread, this.tracesCopies, this.meter) = (gpu, trace, waitsOnThread, tracesCopies, meter);
        thread = new(Run) { IsBackground = true, Name = name };
        thread.Start();
    }

    /// <summary>Asks for copies.</summary>
    /// <param name="copy">Makes them, on the lane's thread.</param>
    /// <param name="after">What the compute device must have done before; null: nothing.</param>
    /// <param name="at">The layer, counted as the schedule does, and the micro-batch or page, for the trace; null: its spans do not say.</param>
    public Transfer Start(Action<Copier> copy, CudaEvent? after = null, (int Layer, int Index)? at = null) => Add(copy, after, null, at);

    /// <summary>Asks for copies that are made when the compute device has done all that it has been given so far.</summary>
    /// <param name="copy">Makes them, on the lane's thread.</param>
    /// <param name="at">As in <see cref="Start"/>.</param>
    public Transfer StartAfterCompute(Action<Copier> copy, (int Layer, int Index)? at = null)
    {
        // Without a GPU all that has been done already.
        var now = gpu is null ? null : new CudaEvent(sleeps: waitsOnThread);
        if (now is not null)
        {
            CudaStream.Current.Record(now);
        }

        return Add(copy, now, now, at);
    }

    /// <summary>Ends the lane when the copies that were asked for are done: the memory they read and write can be freed.</summary>
    public void Dispose()
    {
        jobs.CompleteAdding();
        thread.Join();
        jobs.Dispose();
    }

    private Transfer Add(Action<Copier> copy, CudaEvent? after, CudaEvent? own, (int Layer, int Index)? at)
    {
        var what = trace is not null && at is { } place ? $"{thread.Name} {place.Layer},{place.Index}" : thread.Name!;
        var transfer = new Transfer(gpu is null ? null : new CudaEvent(), trace, what);
        jobs.Add(new(transfer, copy, after, own, what));
        return transfer;
    }

    private void Run()
    {
        if (gpu is { } index)
        {
            CudaDriver.Use(index);
        }

        using var stream = gpu is null ? null : new CudaStream();
        var copier = new Copier(stream, meter);
        foreach (var (transfer, copy, after, own, what) in jobs.GetConsumingEnumerable())
        {
            // A stream that waits for an event does so even when the event is disposed.
            using var mark = own;
            try
            {
                if (waitsOnThread)
                {
                    after?.Synchronize();
                }
                else if (after is not null)
                {
                    stream!.Wait(after);
                }

                var span = tracesCopies ? trace?.Begin(thread.Name!, what, stream) : null;
                copy(copier);
                if (span is not null)
                {
                    trace!.End(span, stream);
                }

                transfer.Issued(stream);
            }
            catch (Exception exception)
            {
                var cause = exception is AggregateException { InnerException: { } inner } ? inner : exception;
                transfer.Failed(new EngineException(cause is EngineException ? cause.Message : $"{thread.Name} failed: {cause.Message}", cause));
            }
        }

        try
        {
            copier.Flush();
        }
        catch (InvalidOperationException)
        {
            // The device has failed, and does nothing any more.
        }
    }

    /// <param name="Transfer">What is told how it went.</param>
    /// <param name="Copy">Makes the copies.</param>
    /// <param name="After">What is waited for before.</param>
    /// <param name="Own">The same, if the lane disposes it.</param>
    /// <param name="What">Its name in a trace.</param>
    private readonly record struct Job(Transfer Transfer, Action<Copier> Copy, CudaEvent? After, CudaEvent? Own, string What);
}
