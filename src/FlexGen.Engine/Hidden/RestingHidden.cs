using FlexGen.Engine.Memory;
using FlexGen.Engine.Tensors;
using FlexGen.Interop;
using FlexGen.Planning.Plans;
using static TorchSharp.torch;

namespace FlexGen.Engine.Hidden;

/// <summary>The hidden states of one micro-batch that rest between layers elsewhere than on a compute device.</summary>
/// <param name="place">Where; they own it.</param>
internal sealed class RestingHidden(RestingPlace place) : IDisposable
{
    private readonly Handshake handshake = new();
    private bool movedByKernel;
    private Transfer? stored;
    private (Tensor Tensor, Transfer Transfer)? loading;
    private long[] shape = [];
    private ScalarType type;

    /// <summary>Starts to take them home from a device, the current one.</summary>
    public void Store(Tensor hidden, HiddenLanes from)
    {
        (shape, type) = (hidden.shape, hidden.dtype);
        var contiguous = hidden.contiguous().DetachFromDisposeScope();
        hidden.Dispose();
        movedByKernel = from.Kernel is not null && !place.OnDisk && contiguous.ByteCount() <= HiddenPlan.FewBytes;
        if (movedByKernel)
        {
            from.Kernel!.Start(contiguous.Address(), place.Address, contiguous.ByteCount());
            if (from.Tiers.IsOneOfSeveral)
            {
                handshake.Give(CudaStream.Current);
            }

            contiguous.Dispose();
            return;
        }

        stored = from.Stores.Start(copier => place.Write(copier, contiguous.Address(), contiguous.ByteCount(), from.StoreStaging), [contiguous]);
    }

    /// <summary>Starts to bring them back to a device, the current one.</summary>
    public void Load(HiddenLanes to)
    {
        if (stored is not { } before)
        {
            return;
        }

        stored = null;
        var hidden = empty(shape, type, to.Tiers.Device).DetachFromDisposeScope();

        // The allocator hands out memory that what the compute device has been given so far may still use.
        loading = (hidden, to.Loads.StartAfterCompute(copier =>
        {
            before.WaitOnHost();
            place.Read(copier, 0, hidden.Address(), hidden.ByteCount(), to.LoadStaging);
        }));
    }

    /// <summary>The hidden states, once they are on the device, the current one; null if none were stored.</summary>
    public Tensor? Take(HiddenLanes to)
    {
        if (movedByKernel)
        {
            movedByKernel = false;
            if (to.Tiers.IsOneOfSeveral)
            {
                handshake.Take(CudaStream.Current);
            }

            var hidden = empty(shape, type, to.Tiers.Device).DetachFromDisposeScope();
            to.Kernel!.Start(place.Address, hidden.Address(), hidden.ByteCount());
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
        handshake.Dispose();
        place.Dispose();
    }
}
