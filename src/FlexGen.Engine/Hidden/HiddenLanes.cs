using FlexGen.Engine.Kernels.Cuda;
using FlexGen.Engine.Memory;
using FlexGen.Interop;
using FlexGen.Planning.Plans;

namespace FlexGen.Engine.Hidden;

/// <summary>What moves hidden states between one compute device and where they rest.</summary>
internal sealed class HiddenLanes : IDisposable
{
    private readonly Lane stores;

    public HiddenLanes(HiddenPlan plan, Tiers tiers)
    {
        tiers.Use();
        Tiers = tiers;
        (Loads, var stores) = (tiers.Lane("hidden loads"), tiers.Lane("hidden stores", waitsOnThread: true));
        (this.stores, Stores) = (stores, new(stores));
        try
        {
            (LoadStaging, StoreStaging) = (tiers.Host(plan.StagingBytes), tiers.Host(plan.StagingBytes));
            Kernel = tiers.HasGpu && plan.OnHost > 0 ? new() : null;
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public Tiers Tiers { get; }

    /// <summary>What brings them back.</summary>
    public Lane Loads { get; }

    /// <summary>What takes them home.</summary>
    public StoreQueue Stores { get; }

    /// <summary>What moves few rows at once to and from host memory; null: there is no GPU, or none rest there.</summary>
    public HostCopy? Kernel { get; }

    /// <summary>Memory between a file and the compute device, for the thread of <see cref="Loads"/>; null: they rest in host memory.</summary>
    public HostMemory? LoadStaging { get; }

    /// <summary>The same for the thread of <see cref="Stores"/>.</summary>
    public HostMemory? StoreStaging { get; }

    /// <summary>Ends the lanes, once what they were asked for is done.</summary>
    public void Dispose()
    {
        Tiers.Use();
        Loads.Dispose();
        stores.Dispose();
        Stores.Dispose();
        if (Kernel is not null)
        {
            // After a sweep that failed it may still be at work in host memory.
            CudaDriver.Settle();
            Kernel.Dispose();
        }

        LoadStaging?.Dispose();
        StoreStaging?.Dispose();
    }
}
