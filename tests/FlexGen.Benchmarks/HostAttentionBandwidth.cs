using System.Diagnostics;
using FlexGen.Engine.Kernels.Host;
using FlexGen.Interop;

namespace FlexGen.Benchmarks;

/// <summary>How fast decode attention in host memory reads the KV cache, in 16 and in 4 bits, beside a plain read of the same bytes.</summary>
internal static class HostAttentionBandwidth
{
    private const int Slots = 40, Tokens = 528, Slabs = 6;

    private static readonly TimeSpan warmUp = TimeSpan.FromSeconds(0.5), measured = TimeSpan.FromSeconds(1);

    public static int Run()
    {
        foreach (var layout in new[] { new SlabLayout(Slots, KvHeads: 32, Group: 1, HeadDim: 128), new(Slots, KvHeads: 8, Group: 4, HeadDim: 128), new(Slots, 8, 4, 64) })
        {
            Measure<PlainSlab<Half>>("float16", layout);
            Measure<PlainSlab<ushort>>("bfloat16", layout);
            if (Avx512Nibbles.Fit(layout.HeadDim))
            {
                Measure<PackedSlab<Avx512Nibbles>>("int4", layout);
            }
            else if (Avx2Nibbles.Fit(layout.HeadDim))
            {
                Measure<PackedSlab<Avx2Nibbles>>("int4", layout);
            }
            else
            {
                Measure<PackedSlab<PortableNibbles>>("int4", layout);
            }
        }

        return 0;
    }

    /// <summary>Several slabs in turn: what one run reads must not be in the processor's cache from the run before.</summary>
    private static unsafe void Measure<TKind>(string name, SlabLayout layout)
        where TKind : struct, ISlabKind
    {
        var rowBytes = TKind.RowBytes(layout) * Slots;
        var bytes = Tokens * rowBytes;
        using var memory = new HostMemory(Slabs * 2 * bytes, pinned: false);
        for (var n = 0L; n < memory.Bytes; n += sizeof(ushort))
        {
            *(ushort*)(memory.Address + (nint)n) = (ushort)(0x3000 + (n % 251));
        }

        var (query, output) = (new float[Slots * layout.QueryRow], new float[Slots * layout.QueryRow]);
        Array.Fill(query, 0.1f);
        var seen = Enumerable.Range(0, Slots).Select(s => new HostAttention.Seen(s, 0, Tokens)).ToArray();
        fixed (float* q = query, o = output)
        {
            var (from, to) = ((IntPtr)q, (IntPtr)o);
            var attention = Rate(slab => HostAttention.Decode<TKind>((float*)from, (byte*)slab, (byte*)slab + bytes, (float*)to, layout, seen, 0.1f));
            var read = Rate(slab => HostThreads.Team.Run(2 * Tokens, t => GC.KeepAlive(new Span<long>((byte*)slab + (t * rowBytes), (int)rowBytes / 8).IndexOf(long.MinValue))));
            Console.WriteLine($$"""{"benchmark":"host-attention","processors":{{Environment.ProcessorCount}},"format":"{{name}}","kv_heads":{{layout.KvHeads}},"group":{{layout.Group}},"head_dim":{{layout.HeadDim}},"gb_per_second":{{attention:0.0}},"plain_read_gb_per_second":{{read:0.0}},"ratio_to_plain_read":{{attention / read:0.00}},"g_elements_per_second":{{attention / rowBytes * Slots * layout.KvHeads * layout.HeadDim:0.0}}}""");
        }

        double Rate(Action<IntPtr> action)
        {
            _ = Run(warmUp);
            return 2.0 * bytes / Run(measured) / 1e9;

            double Run(TimeSpan least)
            {
                var (start, count) = (Stopwatch.GetTimestamp(), 0);
                while (count % Slabs != 0 || Stopwatch.GetElapsedTime(start) < least)
                {
                    action(memory.Address + (nint)(count++ % Slabs * 2 * bytes));
                }

                return Stopwatch.GetElapsedTime(start).TotalSeconds / count;
            }
        }
    }
}
