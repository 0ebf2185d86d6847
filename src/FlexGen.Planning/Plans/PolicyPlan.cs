using FlexGen.Planning.Formats;
using FlexGen.Planning.Schedule;

namespace FlexGen.Planning.Plans;

/// <summary>
/// What a policy makes of a model on a machine: the pieces in which weights, KV cache and hidden states are placed, and what is computed
/// with. It costs microseconds and touches neither memory nor device, so that policies can be tried for machines that are not here.
/// </summary>
public sealed class PolicyPlan
{
    /// <summary>What the process itself takes of host memory: 0.2 to 0.5 GiB were measured.</summary>
    private const long Process = 512L << 20;

    /// <param name="model">The model.</param>
    /// <param name="policy">The policy.</param>
    /// <param name="device">The compute devices.</param>
    public PolicyPlan(ModelOutline model, Policy policy, ComputeDevice device)
    {
        (Policy, Device, Map) = (policy, device, model.Map(device.Count, policy));
        Hidden = new(model.Shape, model.Format, policy, device.Count);
        var landing = device is { IsGpu: true, Count: > 1 } ? (Hidden.HomeBytes, policy.GpuBatchCount - Hidden.OnHost - Hidden.OnDisk) : (0, 0);
        Stages = [.. model.Parts(Map).Select(part => new StagePlan(part, policy, device, landing))];
        foreach (var stage in Stages)
        {
            Bytes.Add(stage.Bytes);
        }

        Bytes.Add(Hidden.Bytes);
        Bytes.Add(Tier.Host, Purpose.Process, Process);
    }

    public Policy Policy { get; }

    public ComputeDevice Device { get; }

    /// <summary>Which device has which layer.</summary>
    public StageMap Map { get; }

    /// <summary>What each device has.</summary>
    public IReadOnlyList<StagePlan> Stages { get; }

    public HiddenPlan Hidden { get; }

    /// <summary>The sum of everything on all devices, in host memory and on disk.</summary>
    public TierBytes Bytes { get; } = new();

    /// <summary>The device of whose memory most is taken.</summary>
    public StagePlan Fullest => Stages.Count == 1 ? Stages[0] : Stages.MaxBy(s => s.Bytes[Tier.Gpu])!;

    /// <summary>The cuts of each micro-batch's slots, which are the same for the layers of all devices.</summary>
    public IReadOnlyList<CacheSharePlan> Shares => Stages[0].Cache.Shares;

    /// <summary>Of the KV cache.</summary>
    public ElementFormat CacheFormat => Stages[0].Cache.Format;

    /// <summary>Whether the sweeps that only decode are recorded.</summary>
    public bool RecordsDecode => Stages.All(s => s.Workspace.RecordsDecode);

    /// <summary>
    /// Whether a micro-batch can begin its next sweep while those after it are in this one: several devices, several micro-batches, and nothing that rests
    /// elsewhere.
    /// </summary>
    public bool Rolls => Map.Count > 1 && Policy is { RestsOnDevices: true, GpuBatchCount: > 1 };

    /// <summary>Where each layer's weights rest, in the model's order. They are listed when they are asked for.</summary>
    public IReadOnlyList<LayerPlan> Layers
    {
        get
        {
            var layers = new LayerPlan[Map.Layers];
            foreach (var stage in Stages)
            {
                foreach (var (layer, plan) in stage.Layers.Zip(stage.Weights.Layers))
                {
                    layers[layer] = plan;
                }
            }

            return layers;
        }
    }

    /// <summary>What is allocated before the first token.</summary>
    public IEnumerable<Piece> Placed => Stages.SelectMany(s => s.Placed).Concat(Hidden.Pieces);

    /// <summary>That, and what is taken on the way.</summary>
    public IEnumerable<Piece> Pieces => Placed.Concat(Stages.SelectMany(s => s.Workspace.Pieces)).Append(new(Tier.Host, Purpose.Process, Process));
}
