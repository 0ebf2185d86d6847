namespace FlexGen.Constraints.Patterns;

internal enum PatternKind
{
    Set,
    Sequence,
    Choice,
    Repeat,
    Start,
    End,
    WordBound,
    LookAhead,
}
