namespace FlexGen.Engine.Layers;

/// <summary>Elements, of the type of the hidden states, that a layer makes for one row of them.</summary>
/// <param name="Projecting">The most that are there at once in <see cref="DecoderLayer.Project"/>, beside the hidden states.</param>
/// <param name="Completing">The most in <see cref="DecoderLayer.Complete"/>, with what is attended to.</param>
/// <param name="Made">All that both halves make, where nothing is freed.</param>
public readonly record struct RowElements(long Projecting, long Completing, long Made);
