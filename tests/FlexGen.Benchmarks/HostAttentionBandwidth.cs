using System.Diagnostics;
using FlexGen.Engine.Kernels.Host;
using FlexGen.Interop;

namespace FlexGen.Benchmarks;

/// <summary>How fast decode attention in host memory reads the KV cache, beside a plain read of the same bytes.</summary>
internal static class HostAttentionBandwidth
{
    private const int Slots = 40, KvHeads = 32, HeadDim = 128, Tokens = 528, Slabs = 6, Repeats = 4;
    private const long Elements = (long)Tokens * Slots * KvHeads * HeadDim, Row = (long)Slots * KvHeads * HeadDim;

    /// <summary>Several slabs in turn: what one run reads must not be in the processor's cache from the run before.</summary>
    public static unsafe int Run()
    {
        using var memory = new HostMemory(Slabs * 2 * Elements * sizeof(Half), pinned: false);
        var random = new Random(1);
        var sample = Enumerable.Range(0, 1 << 20).Select(_ => (Half)((random.NextSingle() - 0.5f) * 2)).ToArray();
        for (var at = 0L; at < Slabs * 2 * Elements; at += sample.Length)
        {
            sample.AsSpan(0, (int)Math.Min(sample.Length, (Slabs * 2 * Elements) - at)).CopyTo(new((Half*)memory.Address + at, sample.Length));
        }

        var (query, output) = (new float[Slots * KvHeads * HeadDim], new float[Slots * KvHeads * HeadDim]);
        Array.Fill(query, 0.1f);
        var seen = Enumerable.Range(0, Slots).Select(s => new HostAttention.Seen(s, 0, Tokens)).ToArray();
        fixed (float* q = query, o = output)
        {
            var (from, to) = ((IntPtr)q, (IntPtr)o);
            var attention = Rate(slab => HostAttention.Decode<PlainSlab<Half>>(
                (float*)from, (byte*)slab, (byte*)((Half*)slab + Elements), (float*)to, new(Slots, KvHeads, 1, HeadDim), seen, 0.1f));
            var read = Rate(slab => HostThreads.Team.Run(2 * Tokens, t => GC.KeepAlive(new Span<long>((Half*)slab + (t * Row), (int)Row / 4).IndexOf(long.MinValue))));
            Console.WriteLine($$"""{"benchmark":"host-attention","processors":{{Environment.ProcessorCount}},"gb_per_second":{{attention:0.0}},"plain_read_gb_per_second":{{read:0.0}},"ratio_to_plain_read":{{attention / read:0.00}}}""");
        }

        return 0;

        double Rate(Action<IntPtr> action)
        {
            var start = 0L;
            for (var n = -Slabs; n < Slabs * Repeats; n++)
            {
                if (n == 0)
                {
                    start = Stopwatch.GetTimestamp();
                }

                action(memory.Address + (nint)((n + Slabs) % Slabs * 2 * Elements * sizeof(Half)));
            }

            return 2.0 * Elements * sizeof(Half) * Slabs * Repeats / Stopwatch.GetElapsedTime(start).TotalSeconds / 1e9;
        }
    }
}
