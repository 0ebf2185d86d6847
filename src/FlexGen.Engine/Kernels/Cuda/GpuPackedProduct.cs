using FlexGen.Engine.Quantization;
using FlexGen.Planning.Plans;
using static TorchSharp.torch;

namespace FlexGen.Engine.Kernels.Cuda;

/// <summary>
/// Products on a GPU: those of few rows on the weight as it is, those of many by the library, on what was unpacked of it just before.
/// </summary>
internal sealed class GpuPackedProduct : IPackedProduct
{
    /// <summary>With more rows than this, a weight alone gives the library enough to do.</summary>
    private const int MostRowsTogether = 1024;

    private readonly ScalarType type;
    private readonly Device device;
    private readonly PackedProduct kernels;

    /// <param name="type">The type of activations.</param>
    /// <param name="device">The GPU.</param>
    /// <param name="groups">Those that weights are in.</param>
    public GpuPackedProduct(ScalarType type, Device device, IEnumerable<int> groups)
    {
        (this.type, this.device, kernels) = (type, device, new(type, device));
        foreach (var group in groups)
        {
            kernels.Prepare(group, device.index);
        }
    }

    public Tensor[] Forward(Tensor x, ReadOnlySpan<(PackedWeight Weight, Tensor? Bias)> weights)
    {
        if (x.shape[0] > kernels.MostRows && weights.Length > 1 && Together(x, weights) is { } together)
        {
            return together;
        }

        var products = new Tensor[weights.Length];
        for (var n = 0; n < weights.Length; n++)
        {
            products[n] = x.shape[0] <= kernels.MostRows ? OfFewRows(x, weights[n].Weight, weights[n].Bias) : OfManyRows(x, weights[n].Weight, weights[n].Bias);
        }

        return products;
    }

    public void Dispose() => kernels.Dispose();

    /// <summary>The products with all weights as one; null: they are too large for that, or need not be.</summary>
    private Tensor[]? Together(Tensor x, ReadOnlySpan<(PackedWeight Weight, Tensor? Bias)> weights)
    {
        var (rows, columns) = (0L, x.shape[1]);
        foreach (var (weight, _) in weights)
        {
            rows += weight.Shape.Rows;
        }

        if (x.shape[0] > MostRowsTogether || rows * columns * x.element_size() > WorkspacePlan.UnpackedBytes)
        {
            return null;
        }

        using var unpacked = empty([rows, columns], type, device);
        var first = 0L;
        foreach (var (weight, _) in weights)
        {
            using var piece = unpacked.narrow(0, first, weight.Shape.Rows);
            kernels.Unpack(weight, 0, piece);
            first += weight.Shape.Rows;
        }

        using var all = nn.functional.linear(x, unpacked);
        var products = new Tensor[weights.Length];
        first = 0;
        for (var n = 0; n < products.Length; n++)
        {
            var (weight, bias) = weights[n];
            using var own = all.narrow(1, first, weight.Shape.Rows);
            products[n] = bias is null ? own.contiguous() : own.add(bias).contiguous();
            first += weight.Shape.Rows;
        }

        return products;
    }

    private Tensor OfFewRows(Tensor x, PackedWeight weight, Tensor? bias)
    {
        var output = empty([x.shape[0], weight.Shape.Rows], type, device);
        kernels.Forward(x, weight, bias, output);
        return output;
    }

    private Tensor OfManyRows(Tensor x, PackedWeight weight, Tensor? bias)
    {
        var (rows, columns) = (weight.Shape.Rows, weight.Shape.Columns);
        var atOnce = Math.Min(rows, WorkspacePlan.UnpackedBytes / (columns * x.element_size()));
        using var unpacked = empty([atOnce, columns], type, device);
        if (atOnce == rows)
        {
            kernels.Unpack(weight, 0, unpacked);
            return nn.functional.linear(x, unpacked, bias);
        }

        var output = empty([x.shape[0], rows], type, device);
        for (var first = 0L; first < rows; first += atOnce)
        {
            using var piece = unpacked.narrow(0, 0, Math.Min(atOnce, rows - first));
            using var transposed = piece.t();
            using var place = output.narrow(1, first, piece.shape[0]);
            kernels.Unpack(weight, first, piece);
            place.addmm_(x, transposed, beta: 0, alpha: 1);
        }

        if (bias is not null)
        {
            output.add_(bias);
        }

        return output;
    }
}
