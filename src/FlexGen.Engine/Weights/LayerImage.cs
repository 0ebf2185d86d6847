using FlexGen.Engine.Checkpoints;
using FlexGen.Engine.Memory;
using FlexGen.Interop;
using FlexGen.Planning;
using FlexGen.Planning.Plans;
using static TorchSharp.torch;

namespace FlexGen.Engine.Weights;

/// <summary>Those of one layer's weights that do not rest on the compute device, laid out as it needs them.</summary>
/// <param name="specs">The layer's weights.</param>
/// <param name="plan">Where each of them rests.</param>
/// <param name="host">Where the image's beginning rests; the image owns it.</param>
/// <param name="disk">Where the rest of it does, likewise.</param>
internal sealed class LayerImage(IReadOnlyList<WeightSpec> specs, LayerPlan plan, RestingPlace host, RestingPlace disk) : IDisposable
{
    public LayerPlan Plan => plan;

    /// <summary>Brings the weights that are not on the compute device into the image.</summary>
    /// <param name="source">Where they come from.</param>
    /// <param name="type">The type they are to have.</param>
    /// <param name="staging">Memory that they go through on their way to the disk, piece by piece; null: none go there.</param>
    public void Fill(IWeightSource source, ScalarType type, HostMemory? staging)
    {
        foreach (var weight in plan.Weights.Where(w => w.Tier != Tier.Gpu))
        {
            var (place, start) = weight.Tier == Tier.Host ? (host, weight.Offset) : (disk, weight.Offset - host.Bytes);
            var spec = specs[weight.Index];
            place.Fill(start, weight.Bytes, staging, weight.Packed(spec.Shape) is { } shape
                ? (at, to, bytes) => source.ReadPacked(spec, shape, at, to, bytes)
                : (at, to, bytes) => Read(source, spec, at, to, bytes, type));
        }
    }

    /// <summary>Copies part of the image, on a lane's thread.</summary>
    /// <param name="copier">The lane's.</param>
    /// <param name="to">Where the image begins on the compute device.</param>
    /// <param name="start">First byte, a multiple of <see cref="DirectFile.Alignment"/>.</param>
    /// <param name="end">One past the last byte.</param>
    /// <param name="staging">Pinned memory for what comes from the disk to a GPU; null: it is read to where it is wanted.</param>
    public void Copy(Copier copier, IntPtr to, long start, long end, HostMemory? staging)
    {
        var onHost = Math.Min(end, host.Bytes);
        if (start < onHost)
        {
            host.Read(copier, start, to + (nint)start, onHost - start, staging);
        }

        start = Math.Max(start, host.Bytes);
        if (start < end)
        {
            disk.Read(copier, start - host.Bytes, to + (nint)start, end - start, staging);
        }
    }

    public void Dispose()
    {
        host.Dispose();
        disk.Dispose();
    }

    private static void Read(IWeightSource source, WeightSpec spec, long start, IntPtr to, long bytes, ScalarType type)
    {
        var format = DataTypes.Format(type);
        using var elements = Tensor.UnsafeCreateTensor(TensorFromMemory.Create(to, [format.Elements(bytes)], (int)type));
        source.Read(spec, format.Elements(start), elements);
    }
}
