using FlexGen.Constraints.Regexes;

namespace FlexGen.Constraints.Grammar;

/// <summary>Properties of an object that have no name of their own.</summary>
/// <param name="Names">The names they may have, none of them declared.</param>
/// <param name="Value">The rule of their values, by number.</param>
/// <param name="IsEndless">Wherever in such a name one is, any number of them go on there.</param>
/// <param name="Count">How many names there are; <see cref="long.MaxValue"/> where there is no end of them.</param>
internal sealed record ExtraRule(RegexNode Names, int Value, bool IsEndless, long Count);
