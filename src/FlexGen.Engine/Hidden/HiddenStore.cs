using FlexGen.Engine.Kernels.Cuda;
using FlexGen.Engine.Memory;
using FlexGen.Interop;
using FlexGen.Planning;
using FlexGen.Planning.Plans;
using static TorchSharp.torch;

namespace FlexGen.Engine.Hidden;

/// <summary>The hidden states of all micro-batches, each where its plan has it rest between layers.</summary>
internal sealed class HiddenStore : IDisposable
{
    private readonly RestingHidden?[] resting;
    private readonly Lane? loads;
    private readonly Lane? stores;
    private readonly StoreQueue? storing;
    private readonly HostCopy? kernel;
    private readonly DirectFile? file;
    private readonly HostMemory? loadStaging;
    private readonly HostMemory? storeStaging;

    public HiddenStore(HiddenPlan plan, Tiers tiers)
    {
        resting = new RestingHidden?[plan.MicroBatches];
        if (plan.OnHost + plan.OnDisk == 0)
        {
            return;
        }

        try
        {
            file = tiers.File(plan.FileBytes);
            (loadStaging, storeStaging) = (tiers.Host(plan.StagingBytes), tiers.Host(plan.StagingBytes));
            (loads, stores) = (tiers.Lane("hidden loads"), tiers.Lane("hidden stores", waitsOnThread: true));
            storing = new(stores);
            kernel = tiers.HasGpu && plan.OnHost > 0 ? new() : null;
            for (var microBatch = 0; microBatch < resting.Length; microBatch++)
            {
                var (tier, offset) = plan.Home(microBatch);
                resting[microBatch] = tier switch
                {
                    Tier.Gpu => null,
                    Tier.Host => new(tiers.Place(plan.HomeBytes), tiers.Device, loads, storing, kernel, default),
                    _ => new(new(file!, offset, plan.HomeBytes), tiers.Device, loads, storing, null, (loadStaging, storeStaging)),
                };
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Whether a micro-batch's hidden states leave the compute device between layers.</summary>
    public bool Leaves(int microBatch) => resting[microBatch] is not null;

    /// <summary>Takes a micro-batch's hidden states, [tokens, hidden], home; they are this store's to free.</summary>
    public void Store(int microBatch, Tensor hidden) => resting[microBatch]!.Store(hidden);

    public void Load(int microBatch) => resting[microBatch]?.Load();

    /// <summary>The hidden states that were brought back, which are the caller's to free; null where they never left.</summary>
    public Tensor? Take(int microBatch) => resting[microBatch]?.Take();

    public void Dispose()
    {
        loads?.Dispose();
        stores?.Dispose();
        storing?.Dispose();
        if (kernel is not null)
        {
            // After a sweep that failed it may still be at work in host memory.
            CudaDriver.Settle();
            kernel.Dispose();
        }

        Array.ForEach(resting, r => r?.Dispose());
        loadStaging?.Dispose();
        storeStaging?.Dispose();
        file?.Dispose();
    }
}
