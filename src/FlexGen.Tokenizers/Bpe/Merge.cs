namespace FlexGen.Tokenizers.Bpe;

/// <summary>What two neighbouring tokens become; the lowest rank goes first.</summary>
internal readonly record struct Merge(int Rank, int Id);
