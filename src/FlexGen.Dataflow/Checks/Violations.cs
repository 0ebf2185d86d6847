namespace FlexGen.Dataflow.Checks;

/// <summary>The first few things in which a value does not keep to its schema, each with where in the value.</summary>
internal sealed class Violations
{
    private const int Max = 5;
    private readonly List<string> path = [];
    private readonly List<string> found = [];

    public void Enter(string step) => path.Add(step);

    public void Leave() => path.RemoveAt(path.Count - 1);

    public void Add(string what)
    {
        if (found.Count < Max)
        {
            found.Add(path.Count == 0 ? what : $"at {string.Concat(path.Select(step => $"/{Excerpt.Of(step)}"))}: {what}");
        }
    }

    public override string ToString() => string.Join("; ", found);
}
