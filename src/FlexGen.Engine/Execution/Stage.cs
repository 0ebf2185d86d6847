using FlexGen.Engine.Cache;
using FlexGen.Engine.Checkpoints;
using FlexGen.Engine.Kernels.Cuda;
using FlexGen.Engine.Kernels.Host;
using FlexGen.Engine.Layers;
using FlexGen.Engine.Memory;
using FlexGen.Engine.Quantization;
using FlexGen.Engine.Weights;
using FlexGen.Planning.Plans;
using static TorchSharp.torch;

namespace FlexGen.Engine.Execution;

/// <summary>A compute device with the layers that are on it: their weights, their KV cache, and what computes with weights in 4 bits.</summary>
internal sealed class Stage : IDisposable
{
    private readonly IPackedProduct? product;

    /// <param name="model">The whole model.</param>
    /// <param name="source">Where its weights come from.</param>
    /// <param name="plan">What goes where.</param>
    /// <param name="type">The type that is computed in.</param>
    /// <param name="tiers">The device, and what is beside it.</param>
    public Stage(Model model, IWeightSource source, StagePlan plan, ScalarType type, Tiers tiers)
    {
        Tiers = tiers;
        Use();
        Rows = tiers.HasGpu ? new(type) : null;
        product = plan.Weights.Groups is { Count: > 0 } groups ? Product(type, groups, plan.Workspace.UnpackedBytes) : null;
        try
        {
            Weights = new(model, source, plan.Weights, type, tiers, product, plan.Layers);
            Cache = new(plan.Cache, type, tiers);
        }
        catch
        {
            Weights?.Dispose();
            product?.Dispose();
            throw;
        }
    }

    public Tiers Tiers { get; }

    public Device Device => Tiers.Device;

    public WeightStore Weights { get; }

    public KvCache Cache { get; }

    /// <summary>What computes on rows between products; null: the device is no GPU.</summary>
    public RowKernels? Rows { get; }

    /// <inheritdoc cref="Tiers.Use"/>
    public void Use() => Tiers.Use();

    public void Dispose()
    {
        Use();
        Cache.Dispose();
        Weights.Dispose();
        product?.Dispose();
        Rows?.Dispose();
    }

    private IPackedProduct Product(ScalarType type, IReadOnlyList<int> groups, long unpackedBytes) =>
        Tiers.HasGpu ? new GpuPackedProduct(type, Device, groups, unpackedBytes) : new HostPackedProduct();
}
