namespace FlexGen.Structure.Tests;

/// <summary>The table in src/MAP.md of a project: its folders, and what each may use. A row may name rows above it alone, so that folders form no circle.</summary>
/// <param name="Project">The project's folder, from the repository's root.</param>
/// <param name="Rows">Each folder, <see cref="Root"/> for the project's own, with those that it may use.</param>
internal sealed record FolderMap(string Project, IReadOnlyList<(string Folder, IReadOnlyList<string> MayUse)> Rows)
{
    public const string Root = ".";

    private const string Heading = "## ";

    public static IReadOnlyList<FolderMap> Read()
    {
        var maps = new List<FolderMap>();
        var rows = new List<(string, IReadOnlyList<string>)>();
        foreach (var line in File.ReadLines(Path.Combine(Repository.Root, "src/MAP.md")))
        {
            if (line.StartsWith(Heading, StringComparison.Ordinal))
            {
                rows = [];
                maps.Add(new(line[Heading.Length..].Trim(), rows));
            }
            else if (line.StartsWith("| `", StringComparison.Ordinal))
            {
                var cells = line.Split('|', StringSplitOptions.TrimEntries);
                rows.Add((cells[1].Trim('`'), [.. cells[3].Split(", ", StringSplitOptions.RemoveEmptyEntries).Select(name => name.Trim('`'))]));
            }
        }

        return maps;
    }
}
