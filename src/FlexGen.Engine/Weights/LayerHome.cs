using FlexGen.Engine.Checkpoints;
using FlexGen.Engine.Memory;
using FlexGen.Interop;
using FlexGen.Planning;
using static TorchSharp.torch;

namespace FlexGen.Engine.Weights;

/// <summary>
/// Where one layer's weights rest: some on the compute device, the others in one image, first the host's part and then the disk's,
/// laid out as the compute device needs it.
/// </summary>
internal sealed class LayerHome : IDisposable
{
    private readonly HostMemory host;
    private readonly DirectFile? file;
    private readonly long hostBytes;
    private readonly long fileOffset;

    /// <param name="places">Each weight of the layer with its tier and its offset in the image (0 on the compute device).</param>
    /// <param name="hostBytes">The host's part of the image.</param>
    /// <param name="diskBytes">The disk's part.</param>
    /// <param name="pinned">Whether a GPU will read it.</param>
    /// <param name="file">The disk's part of all layers; null: there is none.</param>
    /// <param name="fileOffset">Where this layer's begins.</param>
    public LayerHome(
        IReadOnlyList<(WeightSpec Spec, Tier Tier, long Offset)> places, long hostBytes, long diskBytes, bool pinned, DirectFile? file, long fileOffset)
    {
        (Places, this.hostBytes, Bytes, this.file, this.fileOffset) = (places, hostBytes, hostBytes + diskBytes, file, fileOffset);
        host = new(hostBytes, pinned);
    }

    public IReadOnlyList<(WeightSpec Spec, Tier Tier, long Offset)> Places { get; }

    /// <summary>Size of the image: what is streamed each sweep.</summary>
    public long Bytes { get; }

    /// <summary>Brings the weights that are not on the compute device into the image.</summary>
    /// <param name="source">Where they come from.</param>
    /// <param name="type">The type they are to have.</param>
    /// <param name="staging">Memory that they go through on their way to the disk, piece by piece; null: none go there.</param>
    public void Fill(IWeightSource source, ScalarType type, HostMemory? staging)
    {
        foreach (var (spec, tier, offset) in Places)
        {
            var bytes = tier == Tier.Gpu ? 0 : WeightPlacement.Bytes(spec, type);
            if (tier == Tier.Host)
            {
                Read(source, spec, 0, host.Address + (nint)offset, bytes, type);
                continue;
            }

            for (var (at, length) = (0L, 0L); at < bytes; at += length)
            {
                length = Math.Min(staging!.Bytes, bytes - at);
                Read(source, spec, at, staging.Address, length, type);
                file!.Write(fileOffset + offset - hostBytes + at, staging.Address, DirectFile.Align(length));
            }
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
        var onHost = Math.Min(end, hostBytes);
        if (start < onHost)
        {
            copier.ToCompute(to + (nint)start, host.Address + (nint)start, onHost - start);
        }

        start = Math.Max(start, hostBytes);
        if (start < end)
        {
            copier.ToCompute(to + (nint)start, file!, fileOffset + start - hostBytes, end - start, staging);
        }
    }

    public void Dispose() => host.Dispose();

    private static void Read(IWeightSource source, WeightSpec spec, long start, IntPtr to, long bytes, ScalarType type)
    {
        var size = DataTypes.Size(type);
        using var elements = Tensor.UnsafeCreateTensor(TensorFromMemory.Create(to, [bytes / size], (int)type));
        source.Read(spec, start / size, elements);
    }
}
