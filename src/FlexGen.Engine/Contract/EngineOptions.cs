using FlexGen.Engine.Tracing;
using FlexGen.Planning;
using FlexGen.Planning.Schedule;

namespace FlexGen.Engine;

/// <summary>How a model is run. What is null is chosen from the model and the machine.</summary>
public sealed record EngineOptions
{
    /// <summary>
    /// <c>auto</c> (the first GPU where there is one, or all where <see cref="Forecast"/> says that it pays), <c>cpu</c>, <c>cuda:0</c>, ...; several with
    /// commas between them, or <c>cuda:all</c>: the model's layers go to them in turns.
    /// </summary>
    public string Device { get; init; } = Devices.Auto;

    /// <summary>Compares one GPU with all where <see cref="Device"/> is auto and there are several. Null: the first is taken.</summary>
    public Forecast? Forecast { get; init; }

    /// <summary>
    /// <c>auto</c>, <c>float32</c>, <c>bfloat16</c> or <c>float16</c>: the type weights, KV cache and hidden states have.
    /// Auto is the checkpoint's own on a GPU, and float32 on a CPU, which computes float16 slowly.
    /// </summary>
    public string DataType { get; init; } = "auto";

    /// <summary>
    /// Searches the policy, within the budgets: batch sizes, pages, placements and the place of attention given below are not looked at.
    /// Null: they hold.
    /// </summary>
    public AutoPolicy? Auto { get; init; }

    /// <summary>Slots of one micro-batch.</summary>
    public int? GpuBatchSize { get; init; }

    /// <summary>Micro-batches that share each loaded weight.</summary>
    public int GpuBatchCount { get; init; } = 1;

    /// <summary>Tokens a slot has room for, prompt and output together. Default: the model's context, at most 4,096.</summary>
    public int? MaxSequenceLength { get; init; }

    /// <summary>Bytes of GPU memory that may be used, of each GPU. Default: nine tenths of what is free.</summary>
    public long? GpuMemory { get; init; }

    /// <summary>Bytes of host memory that may be used. Default: three quarters of the machine's.</summary>
    public long? HostMemory { get; init; }

    /// <summary>Where weights, KV cache and hidden states rest; all on the compute device unless given.</summary>
    public Placement Weights { get; init; } = Placement.AllGpu;

    /// <inheritdoc cref="Policy.Cache"/>
    public Placement Cache { get; init; } = Placement.AllGpu;

    /// <inheritdoc cref="Policy.Hidden"/>
    public Placement Hidden { get; init; } = Placement.AllGpu;

    /// <inheritdoc cref="Policy.AttentionOnHost"/>
    /// <exception cref="EngineException">It is not a per cent.</exception>
    public double AttentionOnHost
    {
        get;
        init => field = value is >= 0 and <= 100 ? value : throw new EngineException($"The share of attention on the host is {value} per cent; give 0 to 100");
    }

    /// <inheritdoc cref="Policy.CompressWeights"/>
    public Compression CompressWeights { get; init; }

    /// <inheritdoc cref="Policy.CompressCache"/>
    public Compression CompressCache { get; init; }

    /// <inheritdoc cref="Policy.WeightPages"/>
    public int? WeightPages { get; init; }

    /// <summary>
    /// A folder on a local disk for what rests on <see cref="Tier.Disk"/>; made where it is not there. Default: the temporary folder itself,
    /// since files there have no names, and one of ours would belong to the first user who ran this.
    /// </summary>
    public string DiskDirectory { get; init; } = Path.TrimEndingDirectorySeparator(Path.GetTempPath());

    /// <summary>Overlapped (<see cref="ZigzagSchedule"/>), or one step after another (<see cref="SerialSchedule"/>).</summary>
    public bool Overlap { get; init; } = true;

    /// <inheritdoc cref="Policy.RecordsDecode"/>
    internal bool RecordsDecode { get; init; } = true;

    /// <summary>Whether GPUs are let reach each other's memory where they can; otherwise the driver takes what they hand over through host memory.</summary>
    internal bool PeerAccess { get; init; } = true;

    /// <summary>Admits the next sequences only when all slots are free, as a batch system does: for comparison.</summary>
    public bool StaticBatches { get; init; }

    /// <summary>Records what each stream and thread does; null: nothing does.</summary>
    public Trace? Trace { get; init; }
}
