using FlexGen.Constraints.Regexes;

namespace FlexGen.Constraints.Compilation;

/// <summary>A property that an object must have, whatever its name is.</summary>
/// <param name="Names">The names that it may have.</param>
/// <param name="Value">What its value must be besides; null: nothing.</param>
/// <param name="Location">Where that is said, as a JSON pointer.</param>
internal sealed record OwedProperty(RegexNode Names, int? Value, string Location);
