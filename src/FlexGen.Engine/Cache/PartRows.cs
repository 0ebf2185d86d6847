using FlexGen.Engine.Batch;
using FlexGen.Engine.Tensors;
using static TorchSharp.torch;

namespace FlexGen.Engine.Cache;

/// <summary>The rows of a pass whose slots belong to one part of the KV cache, the same for all layers.</summary>
internal sealed class PartRows : IDisposable
{
    private readonly Device device;
    private readonly bool all;
    private Tensor? rowIndex;
    private Tensor? cacheIndex;

    public PartRows(RowLayout layout, CachePart part, Device device)
    {
        bool Mine(int slot) => slot >= part.FirstSlot && slot < part.FirstSlot + part.Slots;
        Rows = [.. Enumerable.Range(0, layout.Slots.Length).Where(r => Mine(layout.Slots[r])).Select(r => (long)r)];
        CacheRows = [.. Rows.Select(r => (layout.Positions[r] * part.Slots) + layout.Slots[r] - part.FirstSlot)];
        Decodes = [.. layout.Decodes.Where(d => Mine(d.Slot)).Select(d => d with { Slot = d.Slot - part.FirstSlot })];
        FirstDecode = Math.Max(0, layout.Decodes.FindIndex(d => Mine(d.Slot)));
        Prefix = Decodes.Count == 0 ? 0 : Decodes.Max(d => d.Length) - 1;
        (this.device, all) = (device, Rows.Length == layout.Slots.Length);
        Group = Decodes.Count == 0 ? null : new(Decodes, part.Kernel, device);
    }

    /// <summary>Rows of the hidden states, decoding ones first.</summary>
    public long[] Rows { get; }

    /// <summary>For each, its row in a slab: position x the part's slots + slot within the part.</summary>
    public long[] CacheRows { get; }

    /// <summary>The decoding sequences, with slots within the part; consecutive rows from <see cref="FirstDecode"/>.</summary>
    public IReadOnlyList<RowLayout.Decode> Decodes { get; }

    public int FirstDecode { get; }

    /// <summary>Tokens of the longest decoding sequence that the cache held before this pass.</summary>
    public int Prefix { get; }

    public DecodeGroup? Group { get; }

    /// <summary><see cref="CacheRows"/> on the compute device.</summary>
    public Tensor CacheIndex => cacheIndex ??= OnDevice(CacheRows);

    /// <summary>The part's rows of keys or values, [rows, kvHeads, headDim].</summary>
    public Tensor Of(Tensor x) => !all ? x.index_select(0, rowIndex ??= OnDevice(Rows)) : x.shape[0] == Rows.Length ? x : x.narrow(0, 0, Rows.Length);

    public void Dispose()
    {
        rowIndex?.Dispose();
        cacheIndex?.Dispose();
        Group?.Dispose();
    }

    private Tensor OnDevice(long[] values) => tensor(values).Upload(device);
}
