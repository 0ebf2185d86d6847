using FlexGen.Engine.Memory;
using FlexGen.Engine.Tensors;
using FlexGen.Interop;
using static TorchSharp.torch;

namespace FlexGen.Engine.Hidden;

/// <summary>
/// The hidden states of one micro-batch on their way from one compute device to the next. A GPU puts them into memory of the other, in its own stream: what
/// was there before, the other has long computed with, or these would not be.
/// </summary>
internal sealed class HandOver : IDisposable
{
    private readonly IReadOnlyList<Tiers> devices;
    private readonly List<PeerMemory> landings = [];
    private readonly Handshake handshake = new();
    private Tensor? given;
    private long[] shape = [];
    private ScalarType type;

    /// <param name="devices">All of them.</param>
    /// <param name="landingBytes">Room of one micro-batch's on each GPU.</param>
    public HandOver(IReadOnlyList<Tiers> devices, long landingBytes)
    {
        this.devices = devices;
        foreach (var tiers in devices.Where(d => d.HasGpu))
        {
            tiers.Use();
            landings.Add(new(tiers.Device.index, landingBytes));
        }
    }

    /// <summary>Gives them to a device; they are this object's to free.</summary>
    public void Give(Tensor hidden, int to)
    {
        if (!devices[to].HasGpu)
        {
            given = hidden;
            return;
        }

        using var contiguous = hidden.contiguous();
        (shape, type) = (contiguous.shape, contiguous.dtype);
        CudaStream.Current.CopyTo(landings[to], contiguous.Address(), contiguous.ByteCount());
        handshake.Give();
        hidden.Dispose();
    }

    /// <summary>Those that were given, on the device that they were given to, which are the caller's to free; null: none were.</summary>
    public Tensor? Take(int at)
    {
        if (!devices[at].HasGpu)
        {
            var hidden = given;
            given = null;
            return hidden;
        }

        if (shape.Length == 0)
        {
            return null;
        }

        handshake.Take();
        var landed = TensorFromMemory.Create(landings[at].Address, shape, (int)type, devices[at].Device.index);
        shape = [];
        return Tensor.UnsafeCreateTensor(landed).DetachFromDisposeScope();
    }

    public void Dispose()
    {
        given?.Dispose();
        handshake.Dispose();
        landings.ForEach(l => l.Dispose());
    }
}
