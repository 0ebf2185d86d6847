using FlexGen.Engine.Quantization;
using FlexGen.Planning.Plans;
using static TorchSharp.torch;

namespace FlexGen.Engine.Kernels.Cuda;

/// <summary>
/// Products on a GPU: those of few rows on the weight as it is, those of many by the library, on what was unpacked of it just before.
/// </summary>
internal sealed class GpuPackedProduct : IPackedProduct
{
    /// <summary>
    /// Rows of a piece are a multiple: with 21,845 of them the library took seven times as long on an H200 as with 21,760, for want of alignment.
    /// </summary>
    private const long PieceRows = 256;

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

    /// <inheritdoc cref="PackedProduct.MostRows"/>
    public int MostRows => kernels.MostRows;

    public Tensor[] Forward(Tensor x, ReadOnlySpan<(PackedWeight Weight, Tensor? Bias)> weights)
    {
        var products = new Tensor[weights.Length];
        for (var n = 0; n < weights.Length; n++)
        {
            products[n] = x.shape[0] <= kernels.MostRows ? OfFewRows(x, weights[n].Weight, weights[n].Bias) : OfManyRows(x, weights[n].Weight, weights[n].Bias);
        }

        return products;
    }

    public void Dispose() => kernels.Dispose();

    private Tensor OfFewRows(Tensor x, PackedWeight weight, Tensor? bias)
    {
        var output = empty([x.shape[0], weight.Shape.Rows], type, device);
        kernels.Forward(x, weight, bias, output);
        return output;
    }

    private Tensor OfManyRows(Tensor x, PackedWeight weight, Tensor? bias)
    {
        var (rows, columns) = (weight.Shape.Rows, weight.Shape.Columns);
        var most = WorkspacePlan.UnpackedBytes / (columns * x.element_size());
        var atOnce = rows <= most ? rows : Math.Max(PieceRows, most / PieceRows * PieceRows);
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
