namespace FlexGen.Schemas;

/// <summary>A keyword of a schema has what it cannot have.</summary>
/// <param name="location">Where, as a JSON pointer.</param>
/// <param name="problem">What is wrong there, as the end of a sentence.</param>
internal sealed class KeywordException(string location, string problem) : Exception($"{location} {problem}")
{
    public string Location { get; } = location;

    public string Problem { get; } = problem;
}
