using FlexGen.Engine.Movement;
using FlexGen.Engine.Schedule;
using FlexGen.Planning;
using static TorchSharp.torch;

namespace FlexGen.Engine.State;

/// <summary>The hidden states of all micro-batches, each where its share of the placement has it rest between layers.</summary>
internal sealed class HiddenStore : IDisposable
{
    private readonly HiddenHome?[] homes;
    private readonly Lane? lane;

    public HiddenStore(ModelShape shape, Policy policy, ScalarType type, Device device, string diskFolder, Trace? trace)
    {
        homes = new HiddenHome?[policy.GpuBatchCount];
        var (gpu, host, disk) = policy.Hidden.Split(policy.GpuBatchCount);
        lane = host + disk > 0 ? new("hidden states", ComputeMemory.Gpu(device), trace) : null;
        for (var microBatch = gpu; microBatch < homes.Length; microBatch++)
        {
            homes[microBatch] = new(Bytes(shape, policy, type), device, lane!, microBatch < gpu + host ? null : diskFolder);
        }
    }

    /// <summary>The most that the hidden states of one micro-batch take.</summary>
    public static long Bytes(ModelShape shape, Policy policy, ScalarType type) =>
        MemoryNeeds.MostRows(policy) * shape.HiddenSize * DataTypes.Size(type);

    public void Store(int microBatch, Pass pass)
    {
        if (homes[microBatch] is { } home)
        {
            home.Store(pass.Exchange(null)!);
        }
    }

    public void Load(int microBatch) => homes[microBatch]?.Load();

    public void Return(int microBatch, Pass pass)
    {
        if (homes[microBatch]?.Take() is { } hidden)
        {
            pass.Exchange(hidden);
        }
    }

    public void Dispose()
    {
        lane?.Dispose();
        Array.ForEach(homes, h => h?.Dispose());
    }
}
