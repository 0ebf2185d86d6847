using FlexGen.Engine.Batch;
using FlexGen.Engine.Tensors;
using static TorchSharp.torch;

namespace FlexGen.Engine.Cache.Decoding;

/// <summary>The rows of a pass whose slots belong to one share of the KV cache, the same for all layers.</summary>
internal sealed class ShareRows : IDisposable
{
    private readonly Device device;
    private readonly bool all;
    private Tensor? rowIndex;
    private Tensor? cacheIndex;
    private Tensor? sequences;

    /// <param name="layout">All rows of the pass.</param>
    /// <param name="firstSlot">First slot of the share.</param>
    /// <param name="slots">How many.</param>
    /// <param name="device">The compute device.</param>
    public ShareRows(RowLayout layout, int firstSlot, int slots, Device device)
    {
        bool Mine(int slot) => slot >= firstSlot && slot < firstSlot + slots;
        Slots = slots;
        Rows = [.. Enumerable.Range(0, layout.Slots.Length).Where(r => Mine(layout.Slots[r])).Select(r => (long)r)];
        CacheRows = [.. Rows.Select(r => (layout.Positions[r] * slots) + layout.Slots[r] - firstSlot)];
        Decodes = [.. layout.Decodes.Where(d => Mine(d.Slot)).Select(d => d with { Slot = d.Slot - firstSlot })];
        FirstDecode = Math.Max(0, layout.Decodes.FindIndex(d => Mine(d.Slot)));
        Longest = Decodes.Count == 0 ? 0 : Decodes.Max(d => d.Length);
        (this.device, all) = (device, Rows.Length == layout.Slots.Length);
    }

    /// <summary>Slots of the share.</summary>
    public int Slots { get; }

    /// <summary>Rows of the hidden states, decoding ones first.</summary>
    public long[] Rows { get; }

    /// <summary>For each, its row in a slab: position x the share's slots + slot within the share.</summary>
    public long[] CacheRows { get; }

    /// <summary>The decoding sequences, with slots within the share; consecutive rows from <see cref="FirstDecode"/>.</summary>
    public IReadOnlyList<RowLayout.Decode> Decodes { get; }

    public int FirstDecode { get; }

    /// <summary>Tokens of the longest decoding sequence, with this pass's; 0 where none decodes.</summary>
    public int Longest { get; }

    /// <summary><see cref="CacheRows"/> on the compute device.</summary>
    public Tensor CacheIndex => cacheIndex ??= tensor(CacheRows).Upload(device);

    /// <summary>[decoding sequences, 2], int32, on the compute device: slot and tokens of each, once they were uploaded.</summary>
    public Tensor Sequences => sequences!;

    /// <summary>The share's rows of keys or values, [rows, kvHeads, headDim].</summary>
    public Tensor Of(Tensor x) =>
        !all ? x.index_select(0, rowIndex ??= tensor(Rows).Upload(device)) : x.size(0) == Rows.Length ? x : x.narrow(0, 0, Rows.Length);

    /// <summary>Puts <see cref="Sequences"/> on the compute device, where some decode.</summary>
    public void UploadSequences() => sequences = Decodes.Count == 0 ? null : Places(Decodes).Upload(device);

    /// <summary>
    /// Changes what a kernel that is launched later, or again, finds: each row's slot and tokens, none of more than the longest; 0 tokens: none.
    /// </summary>
    public void SetDecodes(IReadOnlyList<RowLayout.Decode> decodes) => Sequences.copy_(Places(decodes), nonBlocking: true);

    public void Dispose()
    {
        rowIndex?.Dispose();
        cacheIndex?.Dispose();
        sequences?.Dispose();
    }

    private static Tensor Places(IReadOnlyList<RowLayout.Decode> rows) => tensor([.. rows.SelectMany(d => new[] { d.Slot, d.Length })]).reshape(-1, 2);
}
