namespace FlexGen.Constraints.Grammar;

/// <summary>A property of an object that has a name.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Value">The rule of its value, by number.</param>
/// <param name="IsRequired">The object is not whole without it.</param>
/// <param name="Chain">Properties of one chain stand in the order of their numbers, those of different ones in any; -1 for one that may stand anywhere.</param>
internal sealed record PropertyRule(string Name, int Value, bool IsRequired, int Chain);
