using FlexGen.Engine.Kernels.Cuda;
using FlexGen.Engine.Kernels.Host;
using FlexGen.Engine.Layers;
using FlexGen.Engine.Tensors;
using static TorchSharp.torch;

namespace FlexGen.Engine.Batch;

/// <summary>
/// Which token stands in which row of a micro-batch's hidden states in one sweep: first one row for each decoding sequence, then
/// the prompts of newly admitted ones, one after another without padding, then filler rows where the device wants a least number.
/// </summary>
internal sealed class RowLayout
{
    private RowLayout(int tokens, int sequences, int leastRows, int leastLogits)
    {
        TokenIds = new long[Math.Max(tokens, leastRows)];
        Positions = new long[Math.Max(tokens, leastRows)];
        Slots = new int[tokens];
        LastRows = new long[Math.Max(sequences, leastLogits)];
    }

    /// <summary>A decoding sequence's slot and how many tokens its cache holds with this sweep's.</summary>
    public readonly record struct Decode(int Slot, int Length)
    {
        /// <summary>What the new token sees under a window.</summary>
        public HostAttention.Seen Sees(int? window) => new(Slot, Math.Max(0, Length - (window ?? Length)), Length);
    }

    /// <summary>A prompt's slot, first row and number of rows.</summary>
    public readonly record struct Prefill(int Slot, int FirstRow, int Length);

    public long[] TokenIds { get; }

    public long[] Positions { get; }

    /// <summary>For each row but the filler, its sequence's slot.</summary>
    public int[] Slots { get; }

    /// <summary>For each sequence, in the order of <see cref="Sequences"/>, the row of its last token; filler after them.</summary>
    public long[] LastRows { get; }

    /// <summary>The slots, in row order.</summary>
    public List<(int Slot, Sequence Sequence)> Sequences { get; } = [];

    public List<Decode> Decodes { get; } = [];

    public List<Prefill> Prefills { get; } = [];

    /// <param name="slots">The micro-batch's slots; null where one is free.</param>
    /// <param name="leastRows">
    /// Fewest rows of a matrix product. A library may compute a product of few rows in another order, so that its rounding, and
    /// rarely a token, would depend on how many sequences share the batch.
    /// </param>
    /// <param name="leastLogits">The same of the head's product; null: as many.</param>
    public static RowLayout Create(IReadOnlyList<Sequence?> slots, int leastRows, int? leastLogits = null)
    {
        var running = slots.Select((sequence, slot) => (slot, sequence)).Where(s => s.sequence is not null)
            .OrderBy(s => s.sequence!.CachedTokens == 0).ToList();
        var tokens = running.Sum(s => s.sequence!.Tokens.Count - s.sequence.CachedTokens);
        var layout = new RowLayout(tokens, running.Count, leastRows, leastLogits ?? leastRows);
        var row = 0;
        foreach (var (slot, sequence) in running)
        {
            layout.Add(slot, sequence!, ref row);
        }

        return layout;
    }

    /// <summary>A row for each slot, all of them decoding, with as many tokens as a slot has room for.</summary>
    public static RowLayout Decoding(int slots, int sequenceLength)
    {
        var layout = new RowLayout(slots, slots, slots, slots);
        for (var slot = 0; slot < slots; slot++)
        {
            (layout.Slots[slot], layout.LastRows[slot]) = (slot, slot);
            layout.Decodes.Add(new(slot, sequenceLength));
        }

        return layout;
    }

    /// <summary>What a pass over these rows gives every layer. The caller disposes it.</summary>
    /// <param name="device">The compute device.</param>
    /// <param name="kernels">As of <see cref="ForwardContext.Rows"/>.</param>
    public ForwardContext Context(Device device, RowKernels? kernels)
    {
        return new(On(TokenIds), On(Positions), On(LastRows)) { Rows = kernels };

        Tensor On(long[] values) => tensor(values).Upload(device);
    }

    private void Add(int slot, Sequence sequence, ref int row)
    {
        var (first, length) = (row, sequence.Tokens.Count);
        for (var position = sequence.CachedTokens; position < length; position++, row++)
        {
            TokenIds[row] = sequence.Tokens[position];
            Positions[row] = position;
            Slots[row] = slot;
        }

        LastRows[Sequences.Count] = row - 1;
        Sequences.Add((slot, sequence));
        if (sequence.CachedTokens == 0)
        {
            Prefills.Add(new(slot, first, length));
        }
        else
        {
            Decodes.Add(new(slot, length));
        }
    }
}
