using static TorchSharp.torch;

namespace FlexGen.Benchmarks.Quantization;

/// <summary>A way to have keys or values in few bits, in simulation: numbers are rounded and put back, so that any of it can be tried in any attention.</summary>
/// <param name="AlongTokens">Groups are a channel's numbers in consecutive tokens; otherwise a token's consecutive numbers.</param>
/// <param name="Rotated">Each head's numbers are multiplied by a Hadamard matrix first.</param>
/// <param name="Symmetric">A group has a scale alone; otherwise a scale and a zero, both of float16.</param>
/// <param name="Group">Numbers of a group; those of several heads where a head has fewer.</param>
/// <param name="Centred">The mean of a sequence's first tokens is subtracted first: of keys, this changes all of a query's scores alike and so no attention.</param>
/// <param name="Bits">Of a number, without its part of scale and zero.</param>
internal sealed record GroupRounding(bool AlongTokens, bool Rotated, bool Symmetric, int Group, bool Centred = false, int Bits = 4)
{
    /// <summary>Tokens whose mean it is, as a prompt would give it.</summary>
    private const int CentringTokens = 64;

    /// <summary>Beyond this float16 does not tell a zero from the next whole number, and before long it is infinite.</summary>
    private const int LargestZero = 2048;

    /// <summary>Without the group's size.</summary>
    public string Name =>
        $"{(AlongTokens ? "channel" : "token")}, {(Centred ? "centred, " : "")}{(Rotated ? "rotated" : "as it is")}, {(Symmetric ? "symmetric" : "asymmetric")}";

    /// <summary>What comes of keys or values, [sequences, heads, tokens, headDim], float32.</summary>
    public Tensor Apply(Tensor x)
    {
        using var scope = NewDisposeScope();
        var mean = Centred ? x.narrow(2, 0, Math.Min(CentringTokens, x.shape[2])).mean([2], keepdim: true) : null;
        var from = mean is null ? x : x - mean;
        var matrix = Rotated ? Hadamard(x.shape[3]) : null;
        from = matrix is null ? from : from.matmul(matrix);
        var rounded = AlongTokens
            ? Round(from.transpose(2, 3)).transpose(2, 3)
            : Round(from.transpose(1, 2).flatten(2, 3)).view(x.shape[0], x.shape[2], x.shape[1], x.shape[3]).transpose(1, 2);
        rounded = matrix is null ? rounded : rounded.matmul(matrix);
        return (mean is null ? rounded : rounded + mean).MoveToOuterDisposeScope();
    }

    /// <summary>The Hadamard matrix in Sylvester's order, divided by the root of its size, for each block of the largest power of two that divides a head.</summary>
    private static Tensor Hadamard(long headDim)
    {
        var size = headDim & -headDim;
        var blocks = new float[headDim, headDim];
        for (var row = 0L; row < headDim; row++)
        {
            for (var column = row / size * size; column < (row / size * size) + size; column++)
            {
                blocks[row, column] = (float)((long.PopCount(row % size & column % size) % 2 == 0 ? 1 : -1) / Math.Sqrt(size));
            }
        }

        return tensor(blocks);
    }

    /// <summary>Rounds along the last dimension; the last group is smaller where the others leave less.</summary>
    private Tensor Round(Tensor x)
    {
        var (length, whole) = (x.shape[^1], x.shape[^1] / Group * Group);
        Tensor[] parts = [.. new (long First, long Count, long Size)[] { (0, whole, Group), (whole, length - whole, length - whole) }.Where(part => part.Count > 0)
            .Select(part => RoundGroups(x.narrow(-1, part.First, part.Count).reshape(-1, part.Size)).view([.. x.shape[..^1], part.Count]))];
        return cat(parts, -1);
    }

    private Tensor RoundGroups(Tensor groups)
    {
        if (Symmetric)
        {
            var most = 1 << (Bits - 1);
            var step = InHalf(groups.abs().amax([1], keepdim: true) / (most - 1));
            return where(step > 0, (groups / step).round().clamp(-most, most - 1) * step, groups);
        }

        var (low, high) = (groups.amin([1], keepdim: true), groups.amax([1], keepdim: true));
        var steps = (1 << Bits) - 1;
        var scale = InHalf((high - low) / steps);
        var zero = InHalf(-low / scale);
        var rounded = scale * (((groups / scale) + zero).round().clamp(0, steps) - zero);
        return where(zero.abs() <= LargestZero, rounded, InHalf((low + high) / 2));
    }

    private static Tensor InHalf(Tensor x) => x.to(ScalarType.Float16).to(ScalarType.Float32);
}
