using FlexGen.Engine.Kernels.Cuda;
using FlexGen.Engine.Memory;
using FlexGen.Engine.Tracing;
using FlexGen.Interop;
using FlexGen.Planning;
using static TorchSharp.torch;

namespace FlexGen.Engine.Hidden;

/// <summary>The hidden states of all micro-batches, each where its share of the placement has it rest between layers.</summary>
internal sealed class HiddenStore : IDisposable
{
    /// <summary>Memory between the disk and the compute device, pinned where that is a GPU: one piece for loads, one for stores.</summary>
    public const long StagingBytes = 16 << 20;

    private readonly HiddenHome?[] homes;
    private readonly Lane? loads;
    private readonly Lane? stores;
    private readonly StoreQueue? storing;
    private readonly HostCopy? kernel;
    private readonly DirectFile? file;
    private readonly HostMemory? loadStaging;
    private readonly HostMemory? storeStaging;

    public HiddenStore(ModelShape shape, Policy policy, ScalarType type, Device device, string diskFolder, Trace? trace)
    {
        homes = new HiddenHome?[policy.GpuBatchCount];
        var (onGpu, onHost, onDisk) = policy.Hidden.Split(policy.GpuBatchCount);
        if (onHost + onDisk == 0)
        {
            return;
        }

        var (gpu, bytes) = (ComputeMemory.Gpu(device), DirectFile.Align(Bytes(shape, policy, type)));
        try
        {
            if (onDisk > 0)
            {
                file = new(diskFolder, onDisk * bytes);
                loadStaging = new(StagingBytes, pinned: gpu is not null);
                storeStaging = new(StagingBytes, pinned: gpu is not null);
            }

            (loads, stores) = (new("hidden loads", gpu, trace), new("hidden stores", gpu, trace, waitsOnThread: true));
            storing = new(stores);
            kernel = gpu is null || onHost == 0 ? null : new();
            for (var microBatch = onGpu; microBatch < homes.Length; microBatch++)
            {
                var n = microBatch - onGpu - onHost;
                var home = new SlabHome(bytes, gpu is not null, n < 0 ? null : file, n * bytes);
                homes[microBatch] = new(home, device, loads, storing, n < 0 ? kernel : null, (loadStaging, storeStaging));
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The most that the hidden states of one micro-batch take.</summary>
    public static long Bytes(ModelShape shape, Policy policy, ScalarType type) =>
        policy.MostRows * shape.HiddenSize * DataTypes.Size(type);

    /// <summary>Whether a micro-batch's hidden states leave the compute device between layers.</summary>
    public bool Leaves(int microBatch) => homes[microBatch] is not null;

    /// <summary>Takes a micro-batch's hidden states, [tokens, hidden], home; they are this store's to free.</summary>
    public void Store(int microBatch, Tensor hidden) => homes[microBatch]!.Store(hidden);

    public void Load(int microBatch) => homes[microBatch]?.Load();

    /// <summary>The hidden states that were brought back, which are the caller's to free; null where they never left.</summary>
    public Tensor? Take(int microBatch) => homes[microBatch]?.Take();

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

        Array.ForEach(homes, h => h?.Dispose());
        loadStaging?.Dispose();
        storeStaging?.Dispose();
        file?.Dispose();
    }
}
