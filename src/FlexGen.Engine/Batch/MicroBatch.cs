using FlexGen.Planning;

namespace FlexGen.Engine.Batch;

/// <summary>One GPU batch (index k): its slots, each holding one running sequence or none.</summary>
internal sealed class MicroBatch(int slots)
{
    private readonly Sequence?[] sequences = new Sequence?[slots];

    public IReadOnlyList<Sequence?> Slots => sequences;

    public bool IsEmpty => Array.TrueForAll(sequences, s => s is null);

    /// <summary>Prompt tokens that the coming sweep can take in yet.</summary>
    public int PromptRoom { get; private set; }

    public bool HasRoom => PromptRoom > 0 && Array.IndexOf(sequences, null) >= 0;

    public void BeginSweep() => PromptRoom = Policy.PrefillTokensPerPass;

    public void Admit(Sequence sequence)
    {
        sequences[Array.IndexOf(sequences, null)] = sequence;
        PromptRoom -= sequence.PromptLength;
    }

    public void Free(int slot) => sequences[slot] = null;
}
