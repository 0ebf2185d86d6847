namespace FlexGen.Engine.State;

/// <summary>One GPU batch (index k): its slots, each holding one running sequence or none.</summary>
internal sealed class MicroBatch(int slots)
{
    private readonly Sequence?[] sequences = new Sequence?[slots];

    public IReadOnlyList<Sequence?> Slots => sequences;

    public bool IsEmpty => Array.TrueForAll(sequences, s => s is null);

    public bool HasRoom => Array.IndexOf(sequences, null) >= 0;

    public void Admit(Sequence sequence) => sequences[Array.IndexOf(sequences, null)] = sequence;

    public void Free(int slot) => sequences[slot] = null;
}
