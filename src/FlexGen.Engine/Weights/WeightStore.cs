using FlexGen.Engine.Checkpoints;
using FlexGen.Engine.Layers;
using FlexGen.Engine.Memory;
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
    private readonly Dictionary<string, ComputeTensor> resident = [];
    private readonly List<LayerImage> images = [];
    private readonly StreamBuffers<int>? buffers;
    private readonly Model model;
    private readonly Lane lane;
    private readonly DirectFile? file;
    private readonly HostMemory? staging;
    private readonly ScalarType type;

    /// <param name="model">The model.</param>
    /// <param name="source">Where the weights come from.</param>
    /// <param name="plan">Where they go.</param>
    /// <param name="type">The type of the weights.</param>
    /// <param name="tiers">What they are placed on.</param>
    public WeightStore(Model model, IWeightSource source, WeightsPlan plan, ScalarType type, Tiers tiers)
    {
        (this.model, this.type) = (model, type);
        lane = tiers.Lane("weight loads");
        try
        {
            file = tiers.File(plan.FileBytes);
            staging = tiers.Host(plan.StagingBytes);
            foreach (var (layer, planned) in model.Layers.Zip(plan.Layers))
            {
                var disk = planned.DiskBytes > 0 ? new RestingPlace(file!, planned.FileOffset, planned.DiskBytes) : new RestingPlace(0, pinned: false);
                images.Add(new(layer.Weights, planned, tiers.Place(planned.HostBytes), disk));
                Fill(images[^1], layer.Weights, source, tiers.Device);
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
        Load(layer, 0, 1);
        var buffer = buffers!.Find(layer);
        buffer?.WaitOnCompute();
        var specs = model.Layers[layer].Weights;
        return new([.. images[layer].Plan.Weights.Select(w =>
            w.Tier == Tier.Gpu ? resident[specs[w.Index].Name].Tensor : buffer!.View(w.Offset, specs[w.Index].Shape, type))]);
    }

    /// <summary>The compute device has been given all it does with a layer: its buffer may be filled again when that is done.</summary>
    public void Release(int layer) => buffers!.Find(layer)?.Release();

    public void Dispose()
    {
        lane.Dispose();
        staging?.Dispose();
        buffers?.Dispose();
        images.ForEach(i => i.Dispose());
        file?.Dispose();
        foreach (var tensor in resident.Values)
        {
            tensor.Dispose();
        }
    }

    private void Fill(LayerImage image, IReadOnlyList<WeightSpec> specs, IWeightSource source, Device device)
    {
        image.Fill(source, type, staging);
        foreach (var weight in image.Plan.Weights.Where(w => w.Tier == Tier.Gpu && !w.IsShared))
        {
            var spec = specs[weight.Index];
            resident.Add(spec.Name, new(weight.Bytes, spec.Shape, type, device));
            using var elements = resident[spec.Name].Tensor.view(-1);
            source.Read(spec, 0, elements);
        }
    }
}
