using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace FlexGen.Engine.Kernels.Host;

/// <summary>
/// Asks for rows that are read next, some lines at a time: they lie on other pages than those before, so the processor does not read ahead by itself.
/// In the second cache, since a tile fills the first.
/// </summary>
internal unsafe ref struct RowsAhead
{
    private const int CacheLine = 64;

    private readonly long stride;
    private readonly int wordBytes;
    private readonly int pairBytes;
    private byte* words;
    private byte* pairs;
    private byte* at;
    private byte* end;
    private int rows;

    /// <param name="words">A part of the first row.</param>
    /// <param name="wordBytes">Bytes of it.</param>
    /// <param name="pairs">Another part of that row.</param>
    /// <param name="pairBytes">Bytes of that.</param>
    /// <param name="stride">Bytes from row to row.</param>
    /// <param name="rows">How many rows; none where it is not above 0.</param>
    public RowsAhead(byte* words, int wordBytes, byte* pairs, int pairBytes, long stride, int rows)
    {
        (this.wordBytes, this.pairBytes, this.stride, this.rows) = (wordBytes, pairBytes, stride, rows);
        this.words = at = words;
        this.pairs = pairs;
        end = words + wordBytes;
        Lines = Math.Max(0, rows) * (((wordBytes + CacheLine - 1) / CacheLine) + ((pairBytes + CacheLine - 1) / CacheLine));
    }

    /// <summary>Lines of all rows.</summary>
    public int Lines { get; }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Ask(int lines)
    {
        while (Sse.IsSupported && lines > 0 && rows > 0)
        {
            var (from, stop) = ((nint)at, Math.Min((nint)end, (nint)at + ((nint)lines * CacheLine)));
            for (; from < stop; from += CacheLine, lines--)
            {
                Sse.Prefetch1((void*)from);
            }

            at = (byte*)from;
            if (at >= end)
            {
                Next();
            }
        }
    }

    /// <summary>Goes on with the other part, or the next row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Next()
    {
        if (end == words + wordBytes)
        {
            at = pairs;
            end = pairs + pairBytes;
            return;
        }

        words += stride;
        pairs += stride;
        at = words;
        end = words + wordBytes;
        rows--;
    }
}
