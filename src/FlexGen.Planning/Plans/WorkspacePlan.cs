namespace FlexGen.Planning.Plans;

/// <summary>
/// What is computed with: not placed before the first token, but taken and freed on the way, so that each piece is the most there is at once.
/// </summary>
public sealed class WorkspacePlan : TierPlan
{
    /// <summary>The most tensors, or sets of them, that are on their way home at once.</summary>
    public const int MostStoring = 2;

    /// <summary>The rows that prompts of some rows are padded to at the most, where they are computed together.</summary>
    public static readonly (int Rows, int Of) MostPadded = (4, 3);

    /// <summary>The most rows behind a prompt's first window that are computed together, since each call has a mask of rows x keys.</summary>
    private const int MostWindowRows = 512;

    /// <summary>What cuBLAS takes for itself on each thread and stream that computes: 32 MiB on an H100, less on older GPUs.</summary>
    private const long LibraryWorkspace = 32L << 20;

    /// <summary>
    /// The most that products with weights in 4 bits add up on a GPU: of 128 outputs of each of its multiprocessors 128 rows, and 256 for products of many.
    /// </summary>
    private const long SharedSums = 32L << 20;

    /// <summary>
    /// The most that recorded sweeps keep. Even with 256 rows of Llama-3-8B the processor was busy for 84 per cent of a sweep without recording.
    /// </summary>
    private const long MostRecorded = 4L << 30;

    /// <summary>The most of a 4-bit weight that is unpacked at once, for products of many rows on a GPU.</summary>
    private const long MostUnpacked = 512 << 20;

    /// <summary>The most of activations that is rounded to 8 bits at once, for products with weights in 4 bits on a CPU; of long rows it is a strip.</summary>
    public const long RoundedBytes = 8 << 20;

    /// <summary>Rows of a strip.</summary>
    private const long LeastRounded = 64;

    /// <summary>Bytes of a row's token id, position and places.</summary>
    private const int IndexBytes = 64;

    /// <param name="model">The model.</param>
    /// <param name="policy">The policy.</param>
    /// <param name="device">The compute device.</param>
    public WorkspacePlan(ModelOutline model, Policy policy, ComputeDevice device)
    {
        var recorded = Recorded(model, policy);
        UnpackedBytes = device.IsGpu ? Math.Min(model.Format.Bytes(model.Packed(policy.CompressWeights).Elements), MostUnpacked) : 0;
        RecordsDecode = recorded > 0;
        Bytes.Add(Tier.Gpu, Purpose.RecordedDecode, RecordsDecode ? recorded + LibraryWorkspace : 0);
        Bytes.Add(Tier.Gpu, Purpose.Activations, Activations(model, policy, device));
        Bytes.Add(Tier.Gpu, Purpose.Context, device.BytesInUse + (device.IsGpu ? LibraryWorkspace : 0));
        Bytes.Add(Tier.Gpu, Purpose.PartialResults, device.IsGpu && model.Packed(policy.CompressWeights).Elements > 0 ? SharedSums : 0);
    }

    /// <summary>Bytes of weights in 4 bits that are unpacked at once, for products of many rows on a GPU; 0: none is.</summary>
    public long UnpackedBytes { get; }

    /// <summary>Whether the sweeps that only decode are recorded.</summary>
    public bool RecordsDecode { get; }

    /// <summary>Whether a prompt is padded to a longer one and attended to with it.</summary>
    public static bool ArePadded(int longest, int length) => length * MostPadded.Rows >= longest * MostPadded.Of;

    /// <summary>What a window's mask has: the rows behind the first window that are computed together, and the keys that they see.</summary>
    public static (int Rows, int Keys) Mask(int window) => (Math.Min(window, MostWindowRows), window + Math.Min(window, MostWindowRows));

    private protected override IEnumerable<Piece> Each() =>
        new[]
        {
            (Tier.Gpu, Purpose.PartialResults), (Tier.Gpu, Purpose.RecordedDecode), (Tier.Gpu, Purpose.Activations), (Tier.Gpu, Purpose.Context),
        }.Select(p => new Piece(p.Item1, p.Item2, (long)Bytes[p.Item1, p.Item2]));

    /// <summary>What the recorded sweeps of all micro-batches keep on the GPU; 0 if there are none under this policy.</summary>
    private static double Recorded(ModelOutline model, Policy policy)
    {
        var shape = model.Shape;
        var ofARow = model.Made + ((long)shape.DecoderLayers * shape.Heads * shape.HeadDim) + (16L * (shape.HiddenSize + shape.HeadDim)) + shape.VocabularySize;
        var bytes = (double)policy.GpuBatchSize * policy.GpuBatchCount * (model.Format.Bytes(ofARow) + (shape.DecoderLayers * PackedRows(model, policy)));
        return policy.RecordsDecode && policy.RestsOnDevices && bytes <= MostRecorded ? bytes : 0;
    }

    /// <summary>
    /// Bytes of one micro-batch's pass through half a layer, of another that is halfway through a layer, of keys and values on their way
    /// home, and of each micro-batch its hidden states, what all layers are given, windows' masks, and the logits.
    /// </summary>
    private double Activations(ModelOutline model, Policy policy, ComputeDevice device)
    {
        var (shape, format) = (model.Shape, model.Format);
        var (heads, keysAndValues) = ((long)shape.Heads * shape.HeadDim, 2L * shape.KvHeads * shape.HeadDim);
        var (windows, masks) = (false, 0L);
        foreach (var window in model.Windows)
        {
            if (window < policy.SequenceLength)
            {
                var (rows, keys) = Mask(window);
                (windows, masks) = (true, masks + format.Bytes(rows, keys));
            }
        }

        var atHome = policy.CompressCache == Compression.Int4 ? (PackedRows(model, policy) + format.BlockBytes - 1) / format.BlockBytes
            : policy.Cache == Placement.AllGpu ? 0 : keysAndValues;
        var halfway = heads + keysAndValues;
        var ofARow = Math.Max(
            Math.Max(model.Projecting, model.Completing + keysAndValues),
            heads + halfway + atHome + PromptElements(shape, format.Wide, device.IsGpu, windows));
        ofARow += policy.GpuBatchCount > 1 ? halfway : 0;
        ofARow += MostStoring * atHome;
        ofARow += ((long)HiddenOnCompute(policy) * shape.HiddenSize) + (policy.GpuBatchCount * 2L * shape.HeadDim);
        var logits = (double)Math.Max(policy.GpuBatchSize, Policy.LeastRowsOnCpu) * policy.GpuBatchCount * format.Bytes(shape.VocabularySize);
        var ofAllRows = policy.MostRows * ((double)format.Bytes(ofARow) + ((double)policy.GpuBatchCount * IndexBytes));
        return ofAllRows + logits + ((double)policy.GpuBatchCount * masks) + Unpacked(model, policy, device);
    }

    /// <summary>Bytes of a row's keys and values in 4 bits, which are made beside those that they are made of; 0: they are not.</summary>
    private static long PackedRows(ModelOutline model, Policy policy) => policy.CompressCache == Compression.None
        ? 0
        : 2 * CachePlan.FormatOf(model.Shape, model.Format, policy).Bytes(model.Shape.KvHeads, model.Shape.HeadDim);

    /// <summary>What products with weights in 4 bits take: on a GPU a piece of a weight, on a CPU rows in 8 bits with their scales and sums.</summary>
    private double Unpacked(ModelOutline model, Policy policy, ComputeDevice device)
    {
        var columns = model.Packed(policy.CompressWeights).Columns;
        return device.IsGpu ? UnpackedBytes
            : Math.Min((double)policy.MostRows * columns * 5 / 4, Math.Max(RoundedBytes, LeastRounded * columns * 5 / 4));
    }

    /// <summary>
    /// Micro-batches whose hidden states are on the compute device at once: of those that rest elsewhere one computes, one is halfway, one is
    /// brought ahead, some leave. Those that go on to another GPU are kept until the copy is made.
    /// </summary>
    private static int HiddenOnCompute(Policy policy)
    {
        var (resting, host, disk) = policy.Hidden.Split(policy.GpuBatchCount);
        return resting + Math.Min(host + disk, 3 + MostStoring);
    }

    /// <summary>
    /// The most elements of a row that prompts take on the way to their part of the attention's result: queries, keys and values, repeated and
    /// padded.
    /// </summary>
    private static long PromptElements(ModelShape shape, long wide, bool together, bool windowed)
    {
        var heads = (long)shape.Heads * shape.HeadDim;
        var results = (heads * (windowed ? 2 : 1)) + (wide * shape.Heads);
        return together ? ((3 * heads) + results) * MostPadded.Rows / MostPadded.Of : results + (shape.KvHeads < shape.Heads ? 2 * heads : 0);
    }
}
