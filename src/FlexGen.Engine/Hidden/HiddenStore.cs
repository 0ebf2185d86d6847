using FlexGen.Engine.Memory;
using FlexGen.Interop;
using FlexGen.Planning;
using FlexGen.Planning.Plans;
using static TorchSharp.torch;

namespace FlexGen.Engine.Hidden;

/// <summary>The hidden states of all micro-batches, each where its plan has it rest between layers, or on the way to the next layer's device.</summary>
internal sealed class HiddenStore : IDisposable
{
    private readonly RestingHidden?[] resting;
    private readonly HandOver?[] handing;
    private readonly List<HiddenLanes> lanes = [];
    private readonly List<CudaStream> streams = [];
    private readonly DirectFile? file;

    /// <param name="plan">Where they rest.</param>
    /// <param name="devices">The compute devices.</param>
    /// <param name="landingBytes">Room for a micro-batch's that one GPU gives another.</param>
    public HiddenStore(HiddenPlan plan, IReadOnlyList<Tiers> devices, long landingBytes = 0)
    {
        (resting, handing) = (new RestingHidden?[plan.MicroBatches], new HandOver?[plan.MicroBatches]);
        try
        {
            file = devices[0].File(plan.FileBytes);
            foreach (var gpu in devices.Where(d => d.HasGpu && d.IsOneOfSeveral))
            {
                gpu.Use();
                streams.Add(new());
            }

            if (plan.OnHost + plan.OnDisk > 0)
            {
                lanes.AddRange(devices.Select(tiers => new HiddenLanes(plan, tiers)));
            }

            for (var microBatch = 0; microBatch < resting.Length; microBatch++)
            {
                var (tier, offset) = plan.Home(microBatch);
                handing[microBatch] = tier == Tier.Gpu && devices.Count > 1 ? new(devices, streams, landingBytes) : null;
                resting[microBatch] = tier switch
                {
                    Tier.Gpu => null,
                    Tier.Host => new(devices[0].Place(plan.HomeBytes)),
                    _ => new(new(file!, offset, plan.HomeBytes)),
                };
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Whether a micro-batch's hidden states rest elsewhere than on a compute device.</summary>
    public bool Rests(int microBatch) => resting[microBatch] is not null;

    /// <summary>Takes a micro-batch's hidden states, [tokens, hidden], home, or to the device of the next layer; they are this store's to free.</summary>
    /// <param name="microBatch">Index k.</param>
    /// <param name="hidden">What the current device has computed.</param>
    /// <param name="stage">Which device that is.</param>
    /// <param name="next">The next layer's.</param>
    public void Store(int microBatch, Tensor hidden, int stage, int next)
    {
        if (resting[microBatch] is { } home)
        {
            home.Store(hidden, lanes[stage]);
        }
        else
        {
            handing[microBatch]!.Give(hidden, stage, next);
        }
    }

    /// <summary>Starts to bring a micro-batch's back from where they rest.</summary>
    public void Load(int microBatch, int stage) => resting[microBatch]?.Load(lanes[stage]);

    /// <summary>The hidden states that were brought to a device, which are the caller's to free; null where they never left.</summary>
    public Tensor? Take(int microBatch, int stage) =>
        resting[microBatch] is { } home ? home.Take(lanes[stage]) : handing[microBatch]?.Take(stage);

    /// <summary>Where a micro-batch's come to be on a GPU, as a tensor, which is the caller's to free.</summary>
    public Tensor Landing(int microBatch, int stage, long[] shape, ScalarType type) => handing[microBatch]!.Landing(stage, shape, type);

    public void Dispose()
    {
        lanes.ForEach(l => l.Dispose());
        Array.ForEach(resting, r => r?.Dispose());
        Array.ForEach(handing, h => h?.Dispose());
        streams.ForEach(s => s.Dispose());
        file?.Dispose();
    }
}
