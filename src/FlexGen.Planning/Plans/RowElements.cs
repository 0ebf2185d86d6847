namespace FlexGen.Planning.Plans;

/// <summary>Elements, of the type of the hidden states, that a layer with attention makes for one row of them: on whichever device they are more.</summary>
/// <param name="Projecting">The most that are there at once in the half before attention, beside the hidden states.</param>
/// <param name="Completing">The most in the half after it, with what is attended to.</param>
/// <param name="Made">All that both halves make on a GPU, where nothing is freed.</param>
/// <param name="Moved">All that their operations on a GPU read and write, products and attention left out.</param>
/// <param name="MovedOnHost">The same of a processor.</param>
public readonly record struct RowElements(long Projecting, long Completing, long Made, long Moved, long MovedOnHost);
