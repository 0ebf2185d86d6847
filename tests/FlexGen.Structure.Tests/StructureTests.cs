namespace FlexGen.Structure.Tests;

public class StructureTests
{
    private const int MostLines = 300;
    private const int MostColumns = 160;

    public static TheoryData<string> Projects => [.. FolderMap.Read().Select(map => map.Project)];

    [Fact]
    public void Given_the_projects_then_the_map_has_each()
    {
        var there = Directory.EnumerateFiles(Path.Combine(Repository.Root, "src"), "*.csproj", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(Repository.Root, Path.GetDirectoryName(path)!));
        Assert.Equal(there.Append("pipelines/demo/trainer").Order(StringComparer.Ordinal), FolderMap.Read().Select(map => map.Project).Order(StringComparer.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void Given_a_project_then_the_map_has_its_folders_and_each_may_use_those_above_it(string project)
    {
        var rows = FolderMap.Read().Single(map => map.Project == project).Rows;
        Assert.Equal(SourceFiles.Of(project).Select(SourceFiles.FolderOf).Distinct().Order(StringComparer.Ordinal), rows.Select(row => row.Folder).Order(StringComparer.Ordinal));
        foreach (var (index, (folder, mayUse)) in rows.Index())
        {
            Assert.All(mayUse, used => Assert.True(rows.Take(index).Any(above => above.Folder == used), $"{folder} may use {used}, which is no row above it"));
        }
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void Given_a_project_then_its_folders_use_what_the_map_lets_them_and_all_of_it(string project)
    {
        var rows = FolderMap.Read().Single(map => map.Project == project).Rows.ToDictionary(row => row.Folder, row => row.MayUse);
        var between = SourceUse.Of(project).Where(use => SourceFiles.FolderOf(use.From) != SourceFiles.FolderOf(use.To)).ToList();
        var broken = between.Where(use => !rows[SourceFiles.FolderOf(use.From)].Contains(SourceFiles.FolderOf(use.To)))
            .Select(use => $"{use.From}:{use.Line} names {use.Word} of {use.To}: the map does not let {SourceFiles.FolderOf(use.From)} use {SourceFiles.FolderOf(use.To)}");
        Assert.True(!broken.Any(), string.Join('\n', broken));
        var used = between.Select(use => (SourceFiles.FolderOf(use.From), SourceFiles.FolderOf(use.To))).ToHashSet();
        Assert.DoesNotContain(rows.SelectMany(row => row.Value.Select(may => (row.Key, may))), arrow => !used.Contains(arrow));
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void Given_a_project_then_its_files_form_no_circle(string project)
    {
        var uses = SourceUse.Of(project).ToLookup(use => use.From);
        var open = new List<string>();
        var done = new HashSet<string>();
        foreach (var file in SourceFiles.Of(project))
        {
            Visit(file);
        }

        void Visit(string file)
        {
            Assert.False(open.Contains(file), $"{string.Join(" -> ", open.SkipWhile(path => path != file).Append(file))}");
            if (!done.Contains(file))
            {
                open.Add(file);
                foreach (var use in uses[file])
                {
                    Visit(use.To);
                }

                open.RemoveAt(open.Count - 1);
                done.Add(file);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void Given_a_project_then_its_files_and_lines_are_short(string project)
    {
        foreach (var path in SourceFiles.Of(project))
        {
            var lines = File.ReadAllLines(Path.Combine(Repository.Root, project, path));
            Assert.True(lines.Length <= MostLines, $"{path} has {lines.Length} lines, more than {MostLines}");
            var wide = Array.FindIndex(lines, line => line.Length > MostColumns);
            Assert.True(wide < 0, $"{path}:{wide + 1} is wider than {MostColumns} characters");
        }
    }
}
