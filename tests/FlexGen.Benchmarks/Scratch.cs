using System.Diagnostics;
using FlexGen.Engine.Kernels.Host;
using FlexGen.Interop;

namespace FlexGen.Benchmarks;

internal static unsafe class Scratch
{
    public static int Run(string[] args)
    {
        var seconds = args.Length > 0 ? double.Parse(args[0]) : 1;
        foreach (var (kv, group, dim) in new[] { (32, 1, 128), (8, 4, 128), (8, 4, 64) })
        {
            foreach (var slots in args.Length > 1 ? args[1..].Select(int.Parse).ToArray() : [1, 40])
            {
                var layout = new SlabLayout(slots, kv, group, dim);
                Measure<PlainSlab<Half>>("f16", layout, seconds);
                Measure<PackedSlab<Avx512Nibbles>>("wide", layout, seconds);
                Measure<PackedSlab<Avx2Nibbles>>("narrow", layout, seconds);
            }
        }

        return 0;
    }

    private static void Measure<TKind>(string name, SlabLayout layout, double seconds)
        where TKind : struct, ISlabKind
    {
        if (Environment.GetEnvironmentVariable("ONLY") is { } only && only != $"{name}{layout.Group}{layout.HeadDim}")
        {
            return;
        }

        if (typeof(TKind) == typeof(PackedSlab<Avx512Nibbles>) && layout.HeadDim % 128 != 0)
        {
            return;
        }

        const int Length = 128;
        var chunks = layout.Slots == 1 ? 1 : 4;
        var rowBytes = TKind.RowBytes(layout);
        var bytes = chunks * Length * layout.Slots * rowBytes;
        using var memory = new HostMemory(2 * bytes, pinned: false);
        for (var n = 0L; n < memory.Bytes; n += sizeof(ushort))
        {
            *(ushort*)(memory.Address + (nint)n) = (ushort)(0x3000 + (n % 251));
        }

        var query = new float[layout.QueryRow];
        var partial = new float[layout.KvHeads * layout.Group * HostChunk.Row(TKind.Lanes(layout.HeadDim)) + 16];
        Array.Fill(query, 0.1f);
        fixed (float* q = query, pp = partial)
        {
            var p = (float*)(((nint)pp + 63) & -64);
            var (best, all) = (double.MaxValue, Stopwatch.GetTimestamp());
            while (Stopwatch.GetElapsedTime(all).TotalSeconds < seconds)
            {
                var (n, start) = (0, Stopwatch.GetTimestamp());
                for (var c = 0; c < chunks; c++)
                {
                    for (var s = 0; s < layout.Slots; s++, n++)
                    {
                        var at = (byte*)memory.Address + (((c * Length * layout.Slots) + s) * rowBytes);
                        TKind.Compute(q, at, at + bytes, p, layout, 0, layout.KvHeads, Length, 0.1f);
                    }
                }

                best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds / n);
            }

            var elements = 2.0 * Length * layout.KvHeads * layout.HeadDim;
            Console.WriteLine($"{name,8} {layout} {2 * Length * rowBytes / best / 1e9,7:0.00} GB/s {elements / best / 1e9,7:0.00} Gel/s {best * 1e9 / (2 * Length * layout.KvHeads),7:0.0} ns/head-row");
        }
    }
}
