using FlexGen.Planning.Formats;

namespace FlexGen.Planning.Plans;

/// <summary>
/// The KV cache of some consecutive slots of every micro-batch, all with the same home and the same place of attention: for each layer with
/// attention and each micro-batch a slab of keys and one of values, and what brings them to where they are attended to.
/// </summary>
public sealed class CacheSharePlan
{
    private readonly int layers;
    private readonly int microBatches;
    private readonly bool hasGpu;

    internal CacheSharePlan(ModelOutline model, Policy policy, Tier home, int firstSlot, int slots, bool attendsOnHost, ComputeDevice device)
    {
        (Home, FirstSlot, AttendsOnHost, hasGpu) = (home, firstSlot, attendsOnHost, device.IsGpu);
        (layers, microBatches) = (model.Shape.DecoderLayers, policy.GpuBatchCount);
        Slab = new(policy.SequenceLength, slots, model.Shape.KvHeads, model.Shape.HeadDim, model.Format);
        QueryBytes = ElementFormat.F32.Bytes(model.Shape.Heads, model.Shape.HeadDim);
    }

    /// <summary>Where the slabs rest.</summary>
    public Tier Home { get; }

    public int FirstSlot { get; }

    public int Slots => Slab.Slots;

    /// <summary>Whether decoding sequences attend in host memory rather than on the compute device.</summary>
    public bool AttendsOnHost { get; }

    public SlabShape Slab { get; }

    public int MicroBatches => microBatches;

    /// <summary>How many slabs of keys and of values there are: those of a layer's first micro-batch, of its second, and so on for each layer.</summary>
    public long Slabs => 2L * layers * microBatches;

    /// <summary>Bytes of a slab where it rests: on disk in whole sectors.</summary>
    public long SlabBytes => Home == Tier.Disk ? Slab.AlignedBytes : Slab.Bytes;

    /// <summary>Size of the scratch file; 0: there is none.</summary>
    public long FileBytes => Home == Tier.Disk ? Slabs * Slab.AlignedBytes : 0;

    /// <summary>Where used prefixes are brought to, each of keys and values; null: they are attended to where they rest.</summary>
    public Tier? BroughtTo => Home == Tier.Gpu || (Home == Tier.Host && AttendsOnHost) ? null : AttendsOnHost ? Tier.Host : Tier.Gpu;

    /// <summary>Buffers for that.</summary>
    public int Buffers => BroughtTo is null ? 0 : TierPlan.StreamBuffers;

    /// <summary>Bytes of a buffer: a slab of keys and one of values, in whole sectors each.</summary>
    public long BufferBytes => 2 * Slab.AlignedBytes;

    /// <summary>
    /// Pinned memory of one micro-batch through which rows go between a GPU and the attention in host memory; 0: there is none. Each has its
    /// own: the GPU reads a result when it gets there, after the next micro-batch's queries have come.
    /// </summary>
    public long ExchangeBytes => AttendsOnHost && hasGpu ? Sector.Align(RowBytes * Slots) : 0;

    /// <summary>Of that, what the query of one sequence takes, and its result: they are in float32.</summary>
    public long QueryBytes { get; }

    /// <summary>What one sequence takes with its key and value.</summary>
    public long RowBytes => 2 * (QueryBytes + Slab.RowBytes);

    /// <summary>Where the n-th slab begins in the scratch file.</summary>
    public long SlabOffset(long n) => Home == Tier.Disk ? n * Slab.AlignedBytes : 0;

    internal void AddTo(TierBytes sum)
    {
        sum.Add(Home, Purpose.Cache, (double)Slabs * SlabBytes);
        sum.Add(BroughtTo ?? Tier.Host, Purpose.Cache, (double)Buffers * BufferBytes);
        sum.Add(Tier.Host, Purpose.Staging, (double)microBatches * ExchangeBytes);
    }

    internal IEnumerable<Piece> Pieces()
    {
        for (var n = 0L; n < Slabs; n++)
        {
            yield return new(Home, Purpose.Cache, SlabBytes, SlabOffset(n));
        }

        for (var n = 0; n < Buffers; n++)
        {
            yield return new(BroughtTo!.Value, Purpose.Cache, BufferBytes);
        }

        yield return new(Tier.Host, Purpose.Staging, microBatches * ExchangeBytes);
    }
}
