using FlexGen.Constraints.Lexing;

namespace FlexGen.Constraints.Grammar;

/// <summary>Which documents there are.</summary>
/// <param name="Automaton">Has the states of texts.</param>
/// <param name="Rules">What values may be; they refer to each other by number.</param>
/// <param name="Root">The number of the rule of the document.</param>
/// <param name="AllowsWhitespace">Whether there may be any.</param>
internal sealed record JsonGrammar(LexAutomaton Automaton, ValueRule[] Rules, int Root, bool AllowsWhitespace)
{
    /// <summary>How deep objects and arrays are nested, at most: parsers give up deeper ones.</summary>
    public const int MostDepth = 64;
}
