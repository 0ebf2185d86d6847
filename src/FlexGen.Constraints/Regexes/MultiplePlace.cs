namespace FlexGen.Constraints.Regexes;

/// <summary>Where in a decimal number one is.</summary>
internal enum MultiplePlace
{
    Start,
    Sign,
    Whole,
    Point,
    Fraction,
}
