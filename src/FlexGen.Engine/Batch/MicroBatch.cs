using FlexGen.Planning;

namespace FlexGen.Engine.Batch;

/// <summary>One GPU batch (index k): its slots, each holding one running sequence or none.</summary>
/// <param name="slots">How many.</param>
/// <param name="masks">Which tokens their sequences may have; the micro-batch's to dispose.</param>
internal sealed class MicroBatch(int slots, TokenMasks masks) : IDisposable
{
    private readonly Sequence?[] sequences = new Sequence?[slots];

    public IReadOnlyList<Sequence?> Slots => sequences;

    public TokenMasks Masks => masks;

    public bool IsEmpty => Array.TrueForAll(sequences, s => s is null);

    /// <summary>Sequences in its slots.</summary>
    public int Running => sequences.Length - sequences.Count(s => s is null);

    /// <summary>Prompt tokens that the coming sweep can take in yet.</summary>
    public int PromptRoom { get; private set; }

    public bool HasRoom => PromptRoom > 0 && Array.IndexOf(sequences, null) >= 0;

    public void BeginSweep() => PromptRoom = Policy.PrefillTokensPerPass;

    public void Admit(Sequence sequence)
    {
        var slot = Array.IndexOf(sequences, null);
        sequences[slot] = sequence;
        PromptRoom -= sequence.PromptLength;
        GoOn(slot);
    }

    /// <summary>A slot's sequence goes on: what it may have next is found out while the device computes (<see cref="TokenMasks.Start"/>).</summary>
    public void GoOn(int slot)
    {
        if (sequences[slot] is { HasRule: true } ruled)
        {
            masks.Begin(slot, ruled);
        }
    }

    public void Free(int slot)
    {
        sequences[slot] = null;
        masks.Clear(slot);
    }

    public void Dispose() => masks.Dispose();
}
