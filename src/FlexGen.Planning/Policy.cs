namespace FlexGen.Planning;

/// <summary>The decision under which a job runs.</summary>
/// <param name="GpuBatchSize">Slots of one micro-batch.</param>
/// <param name="GpuBatchCount">Micro-batches that share each loaded weight.</param>
/// <param name="SequenceLength">Tokens that a slot's KV cache has room for, prompt and output together.</param>
public readonly record struct Policy(int GpuBatchSize, int GpuBatchCount, int SequenceLength)
{
    /// <summary>Where the weights rest.</summary>
    public Placement Weights { get; init; } = Placement.AllGpu;

    /// <summary>Where the KV cache rests: a share of each micro-batch's slots.</summary>
    public Placement Cache { get; init; } = Placement.AllGpu;

    /// <summary>Where hidden states rest between layers: a share of the micro-batches.</summary>
    public Placement Hidden { get; init; } = Placement.AllGpu;

    /// <summary>
    /// Per cent of the slots whose cache is not on the GPU that decode by attention in host memory; the cache of the others is
    /// brought to the GPU. Both at once use the processor's cores and the link.
    /// </summary>
    public double AttentionOnHost { get; init; }

    /// <summary>Of some slots whose cache is not on the GPU, those whose cache is brought there to decode.</summary>
    public int BroughtToGpu(int slots) => slots - (int)Math.Round(slots * AttentionOnHost / 100);

    /// <summary>How linear layers' weights are kept, where the checkpoint does not have them in 4 bits already.</summary>
    public Compression CompressWeights { get; init; }

    /// <summary>How the KV cache is kept, wherever it rests.</summary>
    public Compression CompressCache { get; init; }

    /// <summary>
    /// Pieces in which the next layer's weights come in, spread over the micro-batches; 1 asks for all of them at the first, as
    /// FlexGen does. Null: one for each micro-batch.
    /// </summary>
    public int? WeightPages { get; init; }

    /// <summary>Whether sweeps that only decode, and rest on the GPU whole, are recorded once and replayed, which takes some memory.</summary>
    public bool RecordsDecode { get; init; }

    /// <summary>Rows that a CPU computes at least: below, its matrix products round differently.</summary>
    public const int LeastRowsOnCpu = 16;

    /// <summary>Prompt tokens that one pass takes in at the most (or one longer prompt), which bounds its activations.</summary>
    public const int PrefillTokensPerPass = 8192;

    /// <summary>The most rows of one micro-batch's pass: prompts, of which the last may pass the bound, a token of each other slot, and filler.</summary>
    public long MostRows => Math.Max(LeastRowsOnCpu, Math.Min((long)GpuBatchSize * SequenceLength, (long)PrefillTokensPerPass + SequenceLength + GpuBatchSize));

    /// <summary>
    /// Whether the first micro-batch may begin a layer while the last is still in the one before: no weights are streamed and no hidden states leave.
    /// </summary>
    public bool GoesAcrossLayers => Weights == Placement.AllGpu && Hidden == Placement.AllGpu;

    /// <summary>Whether nothing is streamed and nothing goes home.</summary>
    public bool RestsOnDevices => GoesAcrossLayers && Cache == Placement.AllGpu;

    /// <summary>Sequences that run at once.</summary>
    public int EffectiveBatchSize => GpuBatchSize * GpuBatchCount;
}
