using FlexGen.Engine.Quantization;
using FlexGen.Planning.Formats;
using FlexGen.Planning.Hardware;
using FlexGen.Planning.Plans;
using static TorchSharp.torch;

namespace FlexGen.Engine.Kernels.Cuda;

/// <summary>
/// Products on a GPU: on the weight as it is, or, those of many rows where tensor cores do not take it so, by the library, on what was unpacked of it just
/// before.
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
    private readonly StreamedProduct? streamed;
    private readonly WarpgroupProduct? warpgroups;
    private readonly long unpackedBytes;

    /// <summary>
    /// What is unpacked, one after another: memory that stays, since a sweep that is recorded writes to it whenever it is carried out, and it must never be
    /// another's. Null: nothing was yet.
    /// </summary>
    private Tensor? unpacked;

    /// <param name="type">The type of activations.</param>
    /// <param name="device">The GPU.</param>
    /// <param name="groups">Those that weights are in.</param>
    /// <param name="unpackedBytes">As of <see cref="WorkspacePlan.UnpackedBytes"/>.</param>
    public GpuPackedProduct(ScalarType type, Device device, IEnumerable<int> groups, long unpackedBytes)
    {
        (this.type, this.device, this.unpackedBytes, kernels) = (type, device, unpackedBytes, new(type, device));
        (streamed, warpgroups) = (StreamedProduct.For(type), WarpgroupProduct.For(type, device));
        foreach (var group in groups)
        {
            if (streamed is null || !StreamedProduct.Takes(group))
            {
                kernels.Prepare(group, device.index, kernels.MostRows);
            }

            streamed?.Prepare(group, device.index);
            warpgroups?.Prepare(group, device.index);
        }
    }

    /// <summary>The most rows of each way but the last, rising: past them a product takes another time.</summary>
    public IEnumerable<int> Ways => streamed is null ? [kernels.MostRows] : [WarpgroupProduct.LeastRows - 1, WarpgroupProduct.MostRows];

    /// <summary>The rows of which several weights are multiplied with at once; null: none.</summary>
    public ProductTable.Range? Joined => streamed is null ? null : new(1, WarpgroupProduct.MostRows);

    public Tensor[] Forward(Tensor x, ReadOnlySpan<(PackedWeight Weight, Tensor? Bias)> weights)
    {
        var rows = x.shape[0];
        if (warpgroups is not null && rows >= WarpgroupProduct.LeastRows && rows <= WarpgroupProduct.MostRows && AreTaken(weights, WarpgroupProduct.Takes))
        {
            var outputs = Outputs(rows, weights);
            using var contiguous = x.contiguous();
            warpgroups.Forward(contiguous, weights, outputs);
            return outputs;
        }

        if (streamed is not null && rows <= StreamedProduct.MostRows && AreTaken(weights, StreamedProduct.Takes))
        {
            var outputs = Outputs(rows, weights);
            using var contiguous = x.contiguous();
            streamed.Forward(contiguous, weights, outputs);
            return outputs;
        }

        var products = new Tensor[weights.Length];
        for (var n = 0; n < products.Length; n++)
        {
            products[n] = rows <= kernels.MostRows ? OfFewRows(x, weights[n].Weight, weights[n].Bias) : Unpacked(x, weights[n].Weight, weights[n].Bias);
        }

        return products;
    }

    public void Dispose()
    {
        kernels.Dispose();
        streamed?.Dispose();
        warpgroups?.Dispose();
        unpacked?.Dispose();
    }

    private static bool AreTaken(ReadOnlySpan<(PackedWeight Weight, Tensor? Bias)> weights, Func<PackedShape, bool> takes)
    {
        foreach (var (weight, _) in weights)
        {
            if (!takes(weight.Shape) || weight.Shape.Group != weights[0].Weight.Shape.Group)
            {
                return false;
            }
        }

        return true;
    }

    private Tensor[] Outputs(long rows, ReadOnlySpan<(PackedWeight Weight, Tensor? Bias)> weights)
    {
        var outputs = new Tensor[weights.Length];
        for (var n = 0; n < outputs.Length; n++)
        {
            outputs[n] = empty([rows, weights[n].Weight.Shape.Rows], type, device);
        }

        return outputs;
    }

    private Tensor OfFewRows(Tensor x, PackedWeight weight, Tensor? bias)
    {
        var output = empty([x.shape[0], weight.Shape.Rows], type, device);
        kernels.Forward(x, weight, bias, output);
        return output;
    }

    private Tensor Unpacked(Tensor x, PackedWeight weight, Tensor? bias)
    {
        var (rows, columns) = (weight.Shape.Rows, weight.Shape.Columns);
        var most = unpackedBytes / (columns * x.element_size());
        var atOnce = rows <= most ? rows : Math.Max(PieceRows, most / PieceRows * PieceRows);
        using var room = Piece(atOnce, columns);
        if (atOnce == rows)
        {
            kernels.Unpack(weight, 0, room);
            return nn.functional.linear(x, room, bias);
        }

        var output = empty([x.shape[0], rows], type, device);
        for (var first = 0L; first < rows; first += atOnce)
        {
            using var piece = room.narrow(0, 0, Math.Min(atOnce, rows - first));
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

    private Tensor Piece(long rows, long columns)
    {
        unpacked ??= empty([unpackedBytes / DataTypes.Format(type).Bytes(1)], type, device).DetachFromDisposeScope();
        return unpacked.narrow(0, 0, rows * columns).view(rows, columns);
    }
}
