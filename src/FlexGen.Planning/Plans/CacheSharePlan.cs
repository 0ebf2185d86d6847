using FlexGen.Planning.Formats;

namespace FlexGen.Planning.Plans;

/// <summary>
/// The KV cache of some consecutive slots of every micro-batch, all with the same home and the same place of attention: for each layer with
/// attention and each micro-batch a slab of keys and one of values, and what brings them to where they are attended to.
/// </summary>
/// <param name="shape">The model.</param>
/// <param name="policy">The policy.</param>
/// <param name="slab">The slots, and what each of them has room for.</param>
/// <param name="device">The compute device.</param>
public sealed class CacheSharePlan(ModelShape shape, Policy policy, SlabShape slab, ComputeDevice device)
{
    /// <summary>The model's layers whose cache it is, in order.</summary>
    public required IReadOnlyList<int> Layers { get; init; }

    /// <summary>Where the slabs rest.</summary>
    public required Tier Home { get; init; }

    public required int FirstSlot { get; init; }

    public int Slots => slab.Slots;

    /// <summary>Whether decoding sequences attend in host memory rather than on the compute device.</summary>
    public bool AttendsOnHost { get; init; }

    public SlabShape Slab => slab;

    public int MicroBatches => policy.GpuBatchCount;

    /// <summary>How many slabs of keys and of values there are: those of a layer's first micro-batch, of its second, and so on for each layer.</summary>
    public long Slabs => 2L * Layers.Count * policy.GpuBatchCount;

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
    public long ExchangeBytes => AttendsOnHost && device.IsGpu ? Sector.Align(RowBytes * Slots) : 0;

    /// <summary>Of that, what the query of one sequence takes, and its result: they are in float32.</summary>
    public long QueryBytes { get; } = ElementFormat.F32.Bytes(shape.Heads, shape.HeadDim);

    /// <summary>What one sequence takes with its key and value.</summary>
    public long RowBytes => 2 * (QueryBytes + Slab.RowBytes);

    /// <summary>Where the n-th slab begins in the scratch file.</summary>
    public long SlabOffset(long n) => Home == Tier.Disk ? n * Slab.AlignedBytes : 0;

    internal void AddTo(TierBytes sum)
    {
        sum.Add(Home, Purpose.Cache, (double)Slabs * SlabBytes);
        sum.Add(BroughtTo ?? Tier.Host, Purpose.Cache, (double)Buffers * BufferBytes);
        sum.Add(Tier.Host, Purpose.Staging, (double)MicroBatches * ExchangeBytes);
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

        yield return new(Tier.Host, Purpose.Staging, MicroBatches * ExchangeBytes);
    }
}
