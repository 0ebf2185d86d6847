using FlexGen.Engine.Memory;
using FlexGen.Engine.Tensors;
using FlexGen.Engine.Tracing;
using FlexGen.Interop;
using FlexGen.Planning.Plans;
using static TorchSharp.torch;

namespace FlexGen.Engine.Cache.Shares;

/// <summary>What moves the KV cache: a lane for loads, one for stores, one for attention in host memory, and their staging memory.</summary>
internal sealed class CacheLanes : IDisposable
{
    /// <summary>Rows at one distance from each other that a copy of their own is worth.</summary>
    private const int WorthACopy = 16;

    private readonly HostMemory? storeStaging;
    private readonly SlabWriter? writer;

    public CacheLanes(CachePlan plan, Tiers tiers)
    {
        (Trace, Loads, Stores) = (tiers.Trace, tiers.Lane("cache loads"), tiers.Lane("cache stores", waitsOnThread: true));
        Attention = [.. Enumerable.Range(0, 2).Select(_ => tiers.Lane("host attention", waitsOnThread: true, tracesCopies: false))];
        try
        {
            (Staging, storeStaging) = (tiers.Host(plan.StagingBytes), tiers.Host(plan.StagingBytes));
            writer = plan.WriterBytes > 0 ? new(plan.WriterBytes) : null;
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public Trace? Trace { get; }

    public Lane Loads { get; }

    public Lane Stores { get; }

    /// <summary>Two that take turns: while one waits for queries or has its last cores at work, the other has work for the rest.</summary>
    public IReadOnlyList<Lane> Attention { get; }

    /// <summary>Pinned memory between the disk and a GPU, for the thread of <see cref="Loads"/>.</summary>
    public HostMemory? Staging { get; }

    /// <summary>Takes rows from the compute device to their places in a slab, on the thread of <see cref="Stores"/>.</summary>
    public void Scatter(Copier copier, Tensor rows, RestingPlace home, long[] places)
    {
        var (from, rowBytes) = (rows.Address(), rows.RowBytes());
        if (storeStaging is null)
        {
            home.Scatter(from, places, rowBytes, writer);
            return;
        }

        for (int first = 0, end; first < places.Length; first = end)
        {
            end = EndOfRun(places, first);
            if (home.OnDisk || end - first < WorthACopy)
            {
                end = home.OnDisk ? places.Length : EndOfShortRuns(places, end);
                Stage(copier, storeStaging, from + (nint)(first * rowBytes), home, places.AsSpan(first, end - first), rowBytes, writer);
            }
            else
            {
                var pitch = (places[first + 1] - places[first]) * rowBytes;
                copier.RowsToHost(home.Address + (nint)(places[first] * rowBytes), pitch, from + (nint)(first * rowBytes), rowBytes, end - first);
            }
        }
    }

    /// <summary>One past the last of the places that follow each other at one distance, as a prompt's do.</summary>
    private static int EndOfRun(long[] places, int first)
    {
        var end = Math.Min(first + 2, places.Length);
        while (end < places.Length && places[end] - places[end - 1] == places[first + 1] - places[first] && places[end] > places[first])
        {
            end++;
        }

        return end;
    }

    private static int EndOfShortRuns(long[] places, int end)
    {
        while (end < places.Length && EndOfRun(places, end) is var next && next - end < WorthACopy)
        {
            end = next;
        }

        return end;
    }

    /// <summary>Takes rows through pinned memory, those that are near each other in the slab together, and from there one by one to their places.</summary>
    internal static void Stage(
        Copier copier, HostMemory staging, IntPtr from, RestingPlace home, ReadOnlySpan<long> places, long rowBytes, SlabWriter? writer)
    {
        var step = (int)Math.Max(1, staging.Bytes / rowBytes);
        var (order, sources) = (places.ToArray(), Enumerable.Range(0, places.Length).ToArray());
        Array.Sort(order, sources);
        for (var first = 0; first < order.Length; first += step)
        {
            // What fits the memory comes in the order in which it lies on the GPU: a prompt's rows follow each other there, and are one copy.
            var count = Math.Min(step, order.Length - first);
            Array.Sort(sources, order, first, count);
            for (int start = first, end; start < first + count; start = end)
            {
                end = start + 1;
                while (end < first + count && sources[end] == sources[end - 1] + 1)
                {
                    end++;
                }

                copier.ToHost(staging.Address + (nint)((start - first) * rowBytes), from + (nint)(sources[start] * rowBytes), (end - start) * rowBytes);
            }

            copier.Flush();
            home.Scatter(staging.Address, order.AsSpan(first, count), rowBytes, writer);
        }
    }

    /// <summary>Ends the lanes, once what they were asked for is done.</summary>
    public void Dispose()
    {
        Loads.Dispose();
        Stores.Dispose();
        foreach (var lane in Attention)
        {
            lane.Dispose();
        }

        Staging?.Dispose();
        storeStaging?.Dispose();
        writer?.Dispose();
    }
}
