using FlexGen.Engine.Checkpoints.Safetensors;
using static TorchSharp.torch;

namespace FlexGen.Engine.Tests.Checkpoints;

/// <summary>A weight in 4 bits: numbers [out, in] of 0 to 15, and zeros and scales [out, groups]. It is written in other programs' layouts, an element at a time.</summary>
internal sealed record QuantizedWeight(int[,] Numbers, int[,] Zeros, Half[,] Scales, int Group)
{
    private static readonly int[] awqOrder = [0, 2, 4, 6, 1, 3, 5, 7];

    public int Out => Numbers.GetLength(0);

    public int In => Numbers.GetLength(1);

    public int Groups => Scales.GetLength(1);

    public static QuantizedWeight Random(int output, int input, int group, int seed, int? zero = null, int largestZero = 15, Half? scale = null)
    {
        var random = new Random(seed);
        var groups = (input + group - 1) / group;
        var weight = new QuantizedWeight(new int[output, input], new int[output, groups], new Half[output, groups], group);
        Fill(weight.Numbers, () => random.Next(16));
        Fill(weight.Zeros, () => zero ?? random.Next(1, largestZero + 1));
        Fill(weight.Scales, () => scale ?? (Half)(0.001 + (0.03 * random.NextDouble())));
        return weight;

        static void Fill<T>(T[,] to, Func<T> next)
        {
            for (var row = 0; row < to.GetLength(0); row++)
            {
                for (var column = 0; column < to.GetLength(1); column++)
                {
                    to[row, column] = next();
                }
            }
        }
    }

    public double At(int output, int input) => (double)Scales[output, input / Group] * (Numbers[output, input] - Zeros[output, input / Group]);

    /// <summary>All of it in float32.</summary>
    public Tensor Dense() => tensor((float[])[.. from output in Enumerable.Range(0, Out) from input in Enumerable.Range(0, In) select (float)At(output, input)], Out, In);

    /// <summary>qweight, qzeros, scales and g_idx as GPTQ has them.</summary>
    public List<KeyValuePair<string, Tensor>> Gptq(string name, int lessZeros, ScalarType scaleType = ScalarType.Float16)
    {
        var (numbers, zeros) = (new int[In / 8, Out], new int[Groups, Out / 8]);
        for (var output = 0; output < Out; output++)
        {
            for (var input = 0; input < In; input++)
            {
                numbers[input / 8, output] |= Numbers[output, input] << (4 * (input % 8));
            }

            for (var group = 0; group < Groups; group++)
            {
                zeros[group, output / 8] |= (Zeros[output, group] - lessZeros) << (4 * (output % 8));
            }
        }

        return
        [
            new($"{name}.qweight", tensor(numbers)), new($"{name}.qzeros", tensor(zeros)), new($"{name}.scales", StoredScales(scaleType)),
            new($"{name}.g_idx", tensor(Enumerable.Range(0, In).Select(k => k / Group).ToArray())),
        ];
    }

    /// <summary>qweight, qzeros and scales as AWQ has them for gemm.</summary>
    public List<KeyValuePair<string, Tensor>> Awq(string name, ScalarType scaleType = ScalarType.Float16)
    {
        var (numbers, zeros) = (new int[In, Out / 8], new int[Groups, Out / 8]);
        for (var place = 0; place < Out; place++)
        {
            // The nibble at each place is of the output that the order names.
            var output = (place / 8 * 8) + awqOrder[place % 8];
            for (var input = 0; input < In; input++)
            {
                numbers[input, place / 8] |= Numbers[output, input] << (4 * (place % 8));
            }

            for (var group = 0; group < Groups; group++)
            {
                zeros[group, place / 8] |= Zeros[output, group] << (4 * (place % 8));
            }
        }

        return [new($"{name}.qweight", tensor(numbers)), new($"{name}.qzeros", tensor(zeros)), new($"{name}.scales", StoredScales(scaleType))];
    }

    private Tensor StoredScales(ScalarType type)
    {
        var scales = new float[Groups, Out];
        for (var output = 0; output < Out; output++)
        {
            for (var group = 0; group < Groups; group++)
            {
                scales[group, output] = (float)Scales[output, group];
            }
        }

        return tensor(scales).to(type);
    }

    public static void Write(string folder, string config, List<KeyValuePair<string, Tensor>> tensors)
    {
        File.WriteAllText(Path.Combine(folder, "config.json"), config);
        SafetensorsWriter.Write(Path.Combine(folder, "model.safetensors"), tensors);
    }
}
