namespace FlexGen.Planning.Plans;

/// <summary>Bytes that are allocated in one piece, or lie in one piece of a scratch file.</summary>
/// <param name="Tier">Where.</param>
/// <param name="Purpose">What for.</param>
/// <param name="Bytes">How many.</param>
/// <param name="Offset">Where they begin in the scratch file; in memory 0.</param>
public readonly record struct Piece(Tier Tier, Purpose Purpose, long Bytes, long Offset = 0);
