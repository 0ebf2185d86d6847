namespace FlexGen.Constraints.Lexing;

/// <summary>What was read of a code point.</summary>
/// <param name="Mode">How the text is written.</param>
/// <param name="Place">Where one is.</param>
/// <param name="Left">Bytes or digits to come.</param>
/// <param name="Value">What those before them say.</param>
/// <param name="High">First half of a pair; -1 where there is none. In UTF-8, the least code point that may be written so.</param>
internal readonly record struct LexForm(LexMode Mode, LexPlace Place, int Left = 0, int Value = 0, int High = -1)
{
    public static LexForm Body(LexMode mode) => new(mode, LexPlace.Body);
}
