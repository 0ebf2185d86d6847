namespace FlexGen.Constraints;

/// <summary>A constraint cannot be compiled.</summary>
/// <param name="location">Where, as a JSON pointer into the schema that begins with <c>#</c>; empty for an expression or for choices.</param>
/// <param name="problem">What is there, and what to do, as the end of a sentence.</param>
public sealed class ConstraintException(string location, string problem) : Exception(location.Length > 0 ? $"{location} {problem}" : problem)
{
    public string Location { get; } = location;
}
