using System.Diagnostics;
using FlexGen.Engine.Kernels.Host;
using FlexGen.Engine.Quantization;
using FlexGen.Interop;
using FlexGen.Planning.Formats;
using static TorchSharp.torch;

namespace FlexGen.Benchmarks;

/// <summary>How fast activations are multiplied with 4-bit weights in host memory, beside libtorch's bfloat16 and float32.</summary>
internal static class HostProductSpeed
{
    private static readonly (int Columns, int Rows)[] shapes = [(2048, 5632), (4096, 4096)];
    private static readonly int[] batches = [1, 4, 16, 64, 512, 2048];

    /// <summary>Several weights in turn, so that none lies in the processor's cache from the time before.</summary>
    public static unsafe int Run()
    {
        const long Bytes = 200 << 20;
        using var memory = new HostMemory(Bytes, pinned: false);
        var random = new Random(1);
        random.NextBytes(new Span<byte>((void*)memory.Address, (int)Bytes));
        var read = Rate(1, _ => HostThreads.Team.Run(100, t => GC.KeepAlive(new Span<long>((byte*)memory.Address + (t * (Bytes / 100)), (int)(Bytes / 800)).IndexOf(long.MinValue))), 0.5);
        Console.WriteLine($$"""{"benchmark":"products","processors":{{Environment.ProcessorCount}},"plain_read_gb_per_second":{{Bytes / read / 1e9:0.0}}}""");
        Token(memory);
        foreach (var (columns, rows) in shapes)
        {
            var shape = new PackedShape(rows, columns, 64);
            var weights = Enumerable.Range(0, (int)(Bytes / shape.Bytes)).Select(n => new PackedWeight(memory.Address + (nint)(n * shape.Bytes), shape)).ToArray();
            foreach (var weight in weights)
            {
                SetScales(weight);
            }

            using var wide = randn(3, rows, columns);
            using var half = wide.to(ScalarType.BFloat16);
            foreach (var batch in batches)
            {
                using var x = randn(batch, columns);
                using var xHalf = x.to(ScalarType.BFloat16);
                var packed = Rate(weights.Length, n =>
                {
                    using var y = HostProduct.Forward(xHalf, [(weights[n], null)])[0];
                }, 0.3);
                var (bf16, f32) = (Linear(xHalf, half), Linear(x, wide));
                var operations = 2.0 * batch * rows * columns;
                Console.WriteLine($$"""{"rows":{{batch}},"shape":"{{columns}}x{{rows}}","us":{{packed * 1e6:0}},"gop_per_second":{{operations / packed / 1e9:0}},"weight_gb_per_second":{{shape.Bytes / packed / 1e9:0.0}},"times_bfloat16":{{bf16 / packed:0.00}},"times_float32":{{f32 / packed:0.00}}}""");
            }
        }

        return 0;
    }

    /// <summary>The products of a token of a model of 853 M parameters, with libtorch's small operations between them.</summary>
    private static void Token(HostMemory memory)
    {
        const int Hidden = 2048, Inner = 5632, Kv = 512, Layers = 16;
        var (bytes, all) = (0L, 0L);
        using var x = randn(1, Hidden).to(ScalarType.BFloat16);
        var (query, key) = (new PackedShape(Hidden, Hidden, 64), new PackedShape(Kv, Hidden, 64));
        var (up, down) = (new PackedShape(Inner, Hidden, 64), new PackedShape(Hidden, Inner, 64));
        var seconds = Rate(1, _ =>
        {
            using var scope = NewDisposeScope();
            all = 0;
            for (var layer = 0; layer < Layers; layer++)
            {
                var q = HostProduct.Forward(x, [(Next(query), null), (Next(key), null), (Next(key), null)])[0];
                var y = x + HostProduct.Forward(q * q.tanh(), [(Next(query), null)])[0];
                var gated = HostProduct.Forward(y, [(Next(up), null), (Next(up), null)]);
                y += HostProduct.Forward(nn.functional.silu(gated[0]) * gated[1], [(Next(down), null)])[0];
            }
        }, 1);
        Console.WriteLine($$"""{"token_ms":{{seconds * 1e3:0.00}},"weight_gb_per_second":{{all / seconds / 1e9:0.0}}}""");

        PackedWeight Next(PackedShape shape)
        {
            bytes = bytes + shape.Bytes > memory.Bytes ? 0 : bytes;
            var weight = new PackedWeight(memory.Address + (nint)bytes, shape);
            (bytes, all) = (bytes + shape.Bytes, all + shape.Bytes);
            return weight;
        }
    }

    private static double Linear(Tensor x, Tensor weights) => Rate(3, n =>
    {
        using var weight = weights[n];
        using var y = nn.functional.linear(x, weight);
    }, 0.3);

    private static unsafe void SetScales(PackedWeight weight)
    {
        for (var block = 0L; block < weight.Shape.Tiles * weight.Shape.Groups; block++)
        {
            var pairs = (Half*)(weight.Address + (nint)(block * weight.Shape.BlockBytes) + weight.Shape.WordBytes);
            for (var n = 0; n < PackedShape.TileRows; n++)
            {
                (pairs[2 * n], pairs[(2 * n) + 1]) = ((Half)0.01f, (Half)7.5f);
            }
        }
    }

    /// <summary>Seconds of a call, the best of three runs.</summary>
    private static double Rate(int count, Action<int> action, double seconds)
    {
        var best = double.MaxValue;
        for (var n = 0; n < count; n++)
        {
            action(n);
        }

        for (var run = 0; run < 3; run++)
        {
            var (calls, start) = (0, Stopwatch.GetTimestamp());
            do
            {
                action(calls++ % count);
            }
            while (Stopwatch.GetElapsedTime(start).TotalSeconds < seconds / 3);
            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds / calls);
        }

        return best;
    }
}
