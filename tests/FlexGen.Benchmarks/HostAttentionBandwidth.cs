using System.Diagnostics;
using FlexGen.Engine.Attention;
using FlexGen.Interop;

namespace FlexGen.Benchmarks;

/// <summary>How fast decode attention in host memory reads the KV cache, beside a plain read of the same bytes.</summary>
internal static class HostAttentionBandwidth
{
    private const int Slots = 21, KvHeads = 32, HeadDim = 128, Tokens = 528, Repeats = 40;

    public static unsafe int Run()
    {
        var elements = (long)Tokens * Slots * KvHeads * HeadDim;
        using var keys = new HostMemory(elements * sizeof(Half), pinned: false);
        using var values = new HostMemory(elements * sizeof(Half), pinned: false);
        var random = new Random(1);
        for (var n = 0L; n < elements; n++)
        {
            var x = (Half)((random.NextSingle() - 0.5f) * 2);
            (((Half*)keys.Address)[n], ((Half*)values.Address)[n]) = (x, x);
        }

        var (query, output) = (new float[Slots * KvHeads * HeadDim], new float[Slots * KvHeads * HeadDim]);
        Array.Fill(query, 0.1f);
        var spans = Enumerable.Range(0, Slots).Select(s => new HostAttention.Span(s, 0, Tokens)).ToArray();
        fixed (float* q = query, o = output)
        {
            var (from, to) = ((IntPtr)q, (IntPtr)o);
            var attention = Rate(() => HostAttention.Decode(
                (float*)from, (Half*)keys.Address, (Half*)values.Address, (float*)to, new(Slots, KvHeads, 1, HeadDim), spans, 0.1f));
            var read = Rate(() => Parallel.For(0, Tokens, t =>
            {
                var row = Slots * KvHeads * HeadDim;
                var sum = new Span<long>((Half*)keys.Address + ((long)t * row), row / 4).IndexOf(long.MinValue)
                    + new Span<long>((Half*)values.Address + ((long)t * row), row / 4).IndexOf(long.MinValue);
                GC.KeepAlive(sum);
            }));
            Console.WriteLine($$"""{"benchmark":"host-attention","processors":{{Environment.ProcessorCount}},"gb_per_second":{{attention:0.0}},"plain_read_gb_per_second":{{read:0.0}},"ratio_to_plain_read":{{attention / read:0.00}}}""");
        }

        return 0;

        double Rate(Action action)
        {
            for (var n = 0; n < Repeats; n++)
            {
                action();
            }

            var start = Stopwatch.GetTimestamp();
            for (var n = 0; n < Repeats; n++)
            {
                action();
            }

            return 2.0 * elements * sizeof(Half) * Repeats / Stopwatch.GetElapsedTime(start).TotalSeconds / 1e9;
        }
    }
}
