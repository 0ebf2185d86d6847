using static TorchSharp.torch;

namespace FlexGen.Engine.State;

/// <summary>The rows of a pass whose slots belong to one part of the KV cache, the same for all layers.</summary>
internal sealed class PartRows : IDisposable
{
    public PartRows(RowLayout layout, CachePart part, Device device)
    {
        bool Mine(int slot) => slot >= part.FirstSlot && slot < part.FirstSlot + part.Slots;
        Rows = [.. Enumerable.Range(0, layout.Slots.Length).Where(r => Mine(layout.Slots[r])).Select(r => (long)r)];
        CacheRows = [.. Rows.Select(r => (layout.Positions[r] * part.Slots) + layout.Slots[r] - part.FirstSlot)];
        Decodes = [.. layout.Decodes.Where(d => Mine(d.Slot)).Select(d => d with { Slot = d.Slot - part.FirstSlot })];
        FirstDecode = Math.Max(0, layout.Decodes.FindIndex(d => Mine(d.Slot)));
        All = Rows.Length == layout.Slots.Length;
        RowIndex = tensor(Rows).to(device).DetachFromDisposeScope();
        CacheIndex = tensor(CacheRows).to(device).DetachFromDisposeScope();
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
    public int Prefix => Decodes.Count == 0 ? 0 : Decodes.Max(d => d.Length) - 1;

    public Attention.DecodeGroup? Group { get; }

    public Tensor CacheIndex { get; }

    private bool All { get; }

    private Tensor RowIndex { get; }

    /// <summary>The part's rows of keys or values, [rows, kvHeads, headDim].</summary>
    public Tensor Of(Tensor x) => !All ? x.index_select(0, RowIndex) : x.shape[0] == Rows.Length ? x : x.narrow(0, 0, Rows.Length);

    public void Dispose()
    {
        RowIndex.Dispose();
        CacheIndex.Dispose();
        Group?.Dispose();
    }
}
