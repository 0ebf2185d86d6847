using FlexGen.Engine.Memory;
using FlexGen.Engine.Tensors;
using FlexGen.Interop;
using static TorchSharp.torch;

namespace FlexGen.Engine.Hidden;

/// <summary>
/// The hidden states of one micro-batch on their way from one compute device to the next. A GPU copies them into memory of the other: what was there before,
/// the other has long computed with, or these would not be. The copy has a stream of its own, since in the compute stream both GPUs would do nothing beside it.
/// </summary>
internal sealed class HandOver : IDisposable
{
    private readonly IReadOnlyList<Tiers> devices;
    private readonly IReadOnlyList<CudaStream> streams;
    private readonly List<PeerMemory> landings = [];
    private readonly Tensor?[] given;
    private readonly Handshake computed = new();
    private readonly Handshake copied = new();
    private long[] shape = [];
    private ScalarType type;

    /// <param name="devices">All of them.</param>
    /// <param name="streams">What each GPU copies in.</param>
    /// <param name="landingBytes">Room of one micro-batch's on each GPU.</param>
    public HandOver(IReadOnlyList<Tiers> devices, IReadOnlyList<CudaStream> streams, long landingBytes)
    {
        (this.devices, this.streams, given) = (devices, streams, new Tensor?[devices.Count]);
        foreach (var tiers in devices.Where(d => d.HasGpu))
        {
            tiers.Use();
            landings.Add(new(tiers.Device.index, landingBytes));
        }
    }

    /// <summary>Gives them from the current device to another; they are this object's to free.</summary>
    public void Give(Tensor hidden, int from, int to)
    {
        // Whatever comes after what this was made of comes after the copy of what was given here before, so that its memory can be used again.
        given[from]?.Dispose();
        given[from] = null;
        (shape, type) = (hidden.shape, hidden.dtype);
        if (!devices[to].HasGpu)
        {
            given[to] = hidden;
            return;
        }

        given[from] = hidden.contiguous().DetachFromDisposeScope();
        hidden.Dispose();
        computed.Give(CudaStream.Current);
        computed.Take(streams[from]);
        streams[from].CopyTo(landings[to], given[from]!.Address(), given[from]!.ByteCount());
        copied.Give(streams[from]);
    }

    /// <summary>Those that were given to the current device, which are the caller's to free; null: none were.</summary>
    public Tensor? Take(int at)
    {
        if (shape.Length == 0)
        {
            return null;
        }

        if (!devices[at].HasGpu)
        {
            var hidden = given[at];
            (given[at], shape) = (null, []);
            return hidden;
        }

        copied.Take(CudaStream.Current);
        var landed = Landing(at, shape, type);
        shape = [];
        return landed;
    }

    /// <summary>Where they come to be on a GPU, as a tensor, which is the caller's to free.</summary>
    public Tensor Landing(int at, long[] shape, ScalarType type) => Tensor.UnsafeCreateTensor(
        TensorFromMemory.Create(landings[at].Address, shape, (int)type, devices[at].Device.index)).DetachFromDisposeScope();

    public void Dispose()
    {
        Array.ForEach(given, g => g?.Dispose());
        computed.Dispose();
        copied.Dispose();
        landings.ForEach(l => l.Dispose());
    }
}
