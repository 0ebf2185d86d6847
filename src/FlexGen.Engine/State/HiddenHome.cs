using FlexGen.Engine.Movement;
using FlexGen.Engine.Tensors;
using FlexGen.Interop;
using static TorchSharp.torch;

namespace FlexGen.Engine.State;

/// <summary>Where the hidden states of one micro-batch rest between layers when that is not the compute device.</summary>
internal sealed class HiddenHome : IDisposable
{
    private readonly Lane lane;
    private readonly HostMemory memory;
    private readonly DirectFile? file;
    private readonly Device device;
    private (Tensor Tensor, Transfer Transfer)? storing;
    private (Tensor Tensor, Transfer Transfer)? loading;
    private long[] shape = [];
    private ScalarType type;

    /// <param name="bytes">The most that hidden states take.</param>
    /// <param name="device">The compute device.</param>
    /// <param name="lane">What copies.</param>
    /// <param name="diskFolder">Where a file goes; null: they rest in host memory.</param>
    public HiddenHome(long bytes, Device device, Lane lane, string? diskFolder)
    {
        (this.device, this.lane) = (device, lane);
        memory = new(DirectFile.Align(bytes), ComputeMemory.Gpu(device) is not null);
        file = diskFolder is null ? null : new(diskFolder, DirectFile.Align(bytes));
    }

    /// <summary>Starts to take them home.</summary>
    public void Store(Tensor hidden)
    {
        (shape, type) = (hidden.shape, hidden.dtype);
        var bytes = hidden.ByteCount();
        var contiguous = hidden.contiguous().DetachFromDisposeScope();
        hidden.Dispose();
        storing = (contiguous, lane.StartAfterCompute(copier =>
        {
            copier.ToHost(memory.Address, contiguous.Address(), bytes);
            if (file is not null)
            {
                copier.Flush();
                file.Write(0, memory.Address, DirectFile.Align(bytes));
            }
        }));
    }

    /// <summary>Starts to bring them back.</summary>
    public void Load()
    {
        if (storing is not { } stored)
        {
            return;
        }

        stored.Transfer.WaitOnHost();
        stored.Tensor.Dispose();
        stored.Transfer.Dispose();
        storing = null;
        var hidden = empty(shape, type, device).DetachFromDisposeScope();
        var bytes = hidden.ByteCount();

        // The allocator hands out memory that what the compute device has been given so far may still use.
        loading = (hidden, lane.StartAfterCompute(copier =>
        {
            file?.Read(0, memory.Address, DirectFile.Align(bytes));
            copier.ToCompute(hidden.Address(), memory.Address, bytes);
        }));
    }

    /// <summary>The hidden states, once they are on the compute device; null if none were stored.</summary>
    public Tensor? Take()
    {
        if (loading is not { } loaded)
        {
            return null;
        }

        loaded.Transfer.WaitOnCompute();
        loaded.Transfer.Dispose();
        loading = null;
        return loaded.Tensor;
    }

    public void Dispose()
    {
        storing?.Tensor.Dispose();
        loading?.Tensor.Dispose();
        memory.Dispose();
        file?.Dispose();
    }
}
