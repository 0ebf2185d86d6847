using FlexGen.Engine.Checkpoints;
using FlexGen.Engine.Layers;
using FlexGen.Engine.Memory;
using FlexGen.Engine.Quantization;
using FlexGen.Engine.Tensors;
using FlexGen.Interop;
using FlexGen.Planning;
using FlexGen.Planning.Formats;
using FlexGen.Planning.Plans;
using static TorchSharp.torch;

namespace FlexGen.Engine.Weights;

/// <summary>
/// A model's weights where the policy has them rest. What does not rest on the compute device is streamed, layer by layer, into
/// one of two buffers: while one is computed with, the other is filled, a page for each micro-batch.
/// </summary>
internal sealed class WeightStore : IDisposable
{
    private const long BytesOfAPiece = 64 << 20;
    private readonly Dictionary<string, ComputeTensor> resident = [];
    private readonly Dictionary<int, LayerImage> images = [];
    private readonly Dictionary<int, LayerWeights> allResident = [];
    private readonly StreamBuffers<int>? buffers;
    private readonly Model model;
    private readonly Lane lane;
    private readonly DirectFile? file;
    private readonly HostMemory? staging;
    private readonly ScalarType type;
    private readonly IPackedProduct? product;

    /// <param name="model">The model.</param>
    /// <param name="source">Where the weights come from.</param>
    /// <param name="plan">Where they go.</param>
    /// <param name="type">The type of the weights that are not in 4 bits.</param>
    /// <param name="tiers">What they are placed on.</param>
    /// <param name="product">What computes on those that are, not the store's to free; null: none is.</param>
    /// <param name="layers">Which of the model's layers the plan has; null: all.</param>
    public WeightStore(
        Model model, IWeightSource source, WeightsPlan plan, ScalarType type, Tiers tiers, IPackedProduct? product = null, IReadOnlyList<int>? layers = null)
    {
        (this.model, this.type, this.product) = (model, type, product);
        lane = tiers.Lane("weight loads");
        try
        {
            file = tiers.File(plan.FileBytes);
            staging = tiers.Host(plan.StagingBytes);
            foreach (var (index, planned) in (layers ?? [.. Enumerable.Range(0, model.Layers.Count)]).Zip(plan.Layers))
            {
                var weights = model.Layers[index].Weights;
                var disk = planned.DiskBytes > 0 ? new RestingPlace(file!, planned.FileOffset, planned.DiskBytes) : new RestingPlace(0, pinned: false);
                images.Add(index, new(weights, planned, tiers.Place(planned.HostBytes), disk));
                Fill(images[index], weights, source, tiers);
            }

            if (!tiers.HasGpu)
            {
                staging?.Dispose();
                staging = null;
            }

            buffers = new(plan.BufferBytes, tiers.Device);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Starts to bring one of n pages of a layer. All pages of a layer are asked for one after another.</summary>
    public void Load(int layer, int page, int pages)
    {
        var (image, size) = (images[layer], images[layer].Plan.ImageBytes);
        if (size == 0)
        {
            return;
        }

        var buffer = buffers!.Find(layer) ?? buffers.Next(layer);
        var (start, end) = (buffer.Asked, page == pages - 1 ? size : Sector.Align(size * (page + 1) / pages));
        if (start < end)
        {
            buffer.Asked = end;
            buffer.Fill(lane, copier => image.Copy(copier, buffer.Address, start, end, staging), (layer, page));
        }
    }

    /// <summary>A layer's weights; what the compute device does from now on waits for those still on their way.</summary>
    public LayerWeights Use(int layer)
    {
        if (allResident.TryGetValue(layer, out var held))
        {
            return held;
        }

        Load(layer, 0, 1);
        var buffer = buffers!.Find(layer);
        buffer?.WaitOnCompute();
        var specs = model.Layers[layer].Weights;
        held = new([.. images[layer].Plan.Weights.Select(w => Held(w, specs[w.Index], buffer))], product);
        if (images[layer].Plan.ImageBytes == 0)
        {
            allResident.Add(layer, held);
        }

        return held;
    }

    /// <summary>The compute device has been given all it does with a layer: its buffer may be filled again when that is done.</summary>
    public void Release(int layer) => buffers!.Find(layer)?.Release();

    public void Dispose()
    {
        lane.Dispose();
        staging?.Dispose();
        buffers?.Dispose();
        foreach (var image in images.Values)
        {
            image.Dispose();
        }

        file?.Dispose();
        foreach (var tensor in resident.Values)
        {
            tensor.Dispose();
        }
    }

    private LayerWeights.Held Held(PlacedWeight weight, WeightSpec spec, StreamBuffer<int>? buffer)
    {
        if (weight.Packed(spec.Shape) is { } shape)
        {
            var address = weight.Tier == Tier.Gpu ? resident[spec.Name].Tensor.Address() : buffer!.Address + (nint)weight.Offset;
            return new(null, new(address, shape));
        }

        return new(weight.Tier == Tier.Gpu ? resident[spec.Name].Tensor : buffer!.View(weight.Offset, spec.Shape, type), null);
    }

    private void Fill(LayerImage image, IReadOnlyList<WeightSpec> specs, IWeightSource source, Tiers tiers)
    {
        image.Fill(source, type, staging);
        foreach (var weight in image.Plan.Weights.Where(w => w.Tier == Tier.Gpu && !w.IsShared))
        {
            var spec = specs[weight.Index];
            if (weight.Packed(spec.Shape) is { } shape)
            {
                resident.Add(spec.Name, new(weight.Bytes, [weight.Bytes], ScalarType.Byte, tiers.Device));
                Fill(resident[spec.Name].Tensor, source, spec, shape, tiers);
            }
            else
            {
                resident.Add(spec.Name, new(weight.Bytes, spec.Shape, type, tiers.Device));
                using var elements = resident[spec.Name].Tensor.view(-1);
                source.Read(spec, 0, elements);
            }
        }
    }

    /// <summary>Fills a weight on the compute device, through host memory where that is a GPU.</summary>
    private static void Fill(Tensor weight, IWeightSource source, WeightSpec spec, PackedShape shape, Tiers tiers)
    {
        if (!tiers.HasGpu)
        {
            source.ReadPacked(spec, shape, 0, weight.Address(), shape.Bytes);
            return;
        }

        using var piece = empty([Math.Min(shape.Bytes, BytesOfAPiece)], ScalarType.Byte);
        for (var at = 0L; at < shape.Bytes; at += BytesOfAPiece)
        {
            var bytes = Math.Min(BytesOfAPiece, shape.Bytes - at);
            source.ReadPacked(spec, shape, at, piece.Address(), bytes);
            using var from = piece.narrow(0, 0, bytes);
            using var to = weight.narrow(0, at, bytes);
            to.copy_(from);
        }
    }
}
