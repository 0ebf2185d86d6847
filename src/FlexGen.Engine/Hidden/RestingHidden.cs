using FlexGen.Engine.Kernels.Cuda;
using FlexGen.Engine.Memory;
using FlexGen.Engine.Tensors;
using FlexGen.Interop;
using FlexGen.Planning.Plans;
using static TorchSharp.torch;

namespace FlexGen.Engine.Hidden;

/// <summary>The hidden states of one micro-batch that rest between layers elsewhere than on the compute device.</summary>
/// <param name="place">Where; they own it.</param>
/// <param name="device">The compute device.</param>
/// <param name="loads">What brings them back.</param>
/// <param name="stores">What takes them home.</param>
/// <param name="kernel">What moves few rows at once, where they rest in host memory beside a GPU; null: the lanes move all.</param>
/// <param name="staging">Memory between the compute device and a file, for the thread of each; null: they rest in host memory.</param>
internal sealed class RestingHidden(
    RestingPlace place, Device device, Lane loads, StoreQueue stores, HostCopy? kernel, (HostMemory? Loads, HostMemory? Stores) staging) : IDisposable
{
    private bool movedByKernel;
    private Transfer? stored;
    private (Tensor Tensor, Transfer Transfer)? loading;
    private long[] shape = [];
    private ScalarType type;

    /// <summary>Starts to take them home.</summary>
    public void Store(Tensor hidden)
    {
        (shape, type) = (hidden.shape, hidden.dtype);
        var contiguous = hidden.contiguous().DetachFromDisposeScope();
        hidden.Dispose();
        movedByKernel = kernel is not null && contiguous.ByteCount() <= HiddenPlan.FewBytes;
        if (movedByKernel)
        {
            kernel!.Start(contiguous.Address(), place.Address, contiguous.ByteCount());
            contiguous.Dispose();
            return;
        }

        stored = stores.Start(copier => place.Write(copier, contiguous.Address(), contiguous.ByteCount(), staging.Stores), [contiguous]);
    }

    /// <summary>Starts to bring them back.</summary>
    public void Load()
    {
        if (stored is not { } before)
        {
            return;
        }

        stored = null;
        var hidden = empty(shape, type, device).DetachFromDisposeScope();

        // The allocator hands out memory that what the compute device has been given so far may still use.
        loading = (hidden, loads.StartAfterCompute(copier =>
        {
            before.WaitOnHost();
            place.Read(copier, 0, hidden.Address(), hidden.ByteCount(), staging.Loads);
        }));
    }

    /// <summary>The hidden states, once they are on the compute device; null if none were stored.</summary>
    public Tensor? Take()
    {
        if (movedByKernel)
        {
            movedByKernel = false;
            var hidden = empty(shape, type, device).DetachFromDisposeScope();
            kernel!.Start(place.Address, hidden.Address(), hidden.ByteCount());
            return hidden;
        }

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
        loading?.Tensor.Dispose();
        loading?.Transfer.Dispose();
        place.Dispose();
    }
}
