using FlexGen.Interop;

namespace FlexGen.Engine.Memory;

/// <summary>
/// Writes rows to their places in a slab on disk. Direct I/O writes whole sectors: rows near each other are put into one window, which
/// is read first where they do not fill it. Several windows are on their way at once.
/// </summary>
/// <param name="bytes">Host memory that it takes for them.</param>
internal sealed unsafe class SlabWriter(long bytes) : IDisposable
{
    private const long WindowBytes = 1 << 20;

    /// <summary>What lies between rows of one window at the most, so that no two windows share a sector.</summary>
    private const long GapBytes = 64 << 10;

    private readonly HostMemory memory = new(bytes, pinned: false);

    /// <summary>Writes the rows. One call at a time.</summary>
    /// <param name="file">The slab's file.</param>
    /// <param name="offset">Where the slab begins in it.</param>
    /// <param name="rows">The rows, one after another in host memory.</param>
    /// <param name="places">The place of each in the slab, in any order, none twice.</param>
    /// <param name="rowBytes">Bytes of a row.</param>
    public void Write(DirectFile file, long offset, IntPtr rows, ReadOnlySpan<long> places, long rowBytes)
    {
        var (order, sources) = (places.ToArray(), Enumerable.Range(0, places.Length).ToArray());
        Array.Sort(order, sources);
        var windows = Windows(order, rowBytes);
        var threads = (int)Math.Min(windows.Count, memory.Bytes / WindowBytes);
        DirectFile.InParallel(threads, thread =>
        {
            for (var n = thread; n < windows.Count; n += threads)
            {
                Write(windows[n].Start, windows[n].End, memory.Address + (nint)(thread * WindowBytes));
            }
        });

        void Write(long start, long end, IntPtr window)
        {
            var first = Array.BinarySearch(order, start / rowBytes);
            first = first < 0 ? ~first : first;
            var (last, filled) = (first, 0L);
            for (; last < order.Length && order[last] * rowBytes < end; last++)
            {
                filled += Math.Min(end, (order[last] + 1) * rowBytes) - Math.Max(start, order[last] * rowBytes);
            }

            if (filled < end - start)
            {
                file.Read(offset + start, window, end - start);
            }

            for (var n = first; n < last; n++)
            {
                var row = order[n] * rowBytes;
                var (from, to) = (Math.Max(start, row), Math.Min(end, row + rowBytes));
                Buffer.MemoryCopy((void*)(rows + (nint)((sources[n] * rowBytes) + from - row)), (void*)(window + (nint)(from - start)), to - from, to - from);
            }

            file.Write(offset + start, window, end - start);
        }
    }

    public void Dispose() => memory.Dispose();

    /// <summary>Whole sectors of the slab that have all rows.</summary>
    private static List<(long Start, long End)> Windows(long[] order, long rowBytes)
    {
        var windows = new List<(long, long)>();
        for (int first = 0, next; first < order.Length; first = next)
        {
            next = first + 1;
            while (next < order.Length && (order[next] - order[next - 1] - 1) * rowBytes < GapBytes)
            {
                next++;
            }

            var start = order[first] * rowBytes / DirectFile.Alignment * DirectFile.Alignment;
            var end = DirectFile.Align((order[next - 1] + 1) * rowBytes);
            for (; start < end; start += WindowBytes)
            {
                windows.Add((start, Math.Min(start + WindowBytes, end)));
            }
        }

        return windows;
    }
}
