namespace FlexGen.Constraints;

/// <summary>A keyword that masks do not enforce: outputs must be checked for it.</summary>
/// <param name="Name">The keyword.</param>
/// <param name="Location">Where it stands, as a JSON pointer into the schema that begins with <c>#</c>.</param>
/// <param name="Reason">Why not, as a sentence without its full stop.</param>
public sealed record UnenforcedKeyword(string Name, string Location, string Reason);
