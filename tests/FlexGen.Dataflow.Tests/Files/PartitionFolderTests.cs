using FlexGen.Dataflow.Tests.Support;

namespace FlexGen.Dataflow.Tests.Files;

/// <summary>Columns in the names of folders.</summary>
public sealed class PartitionFolderTests : IDisposable
{
    private readonly Workplace place = new();

    public void Dispose() => place.Dispose();

    [Theory]
    [InlineData("1", "2")]
    [InlineData("-7", "1970")]
    [InlineData("01", "02")]
    [InlineData("+5", "6")]
    [InlineData("9999999999999999999", "1")]
    [InlineData("1.5", "2")]
    [InlineData("2026-01-01", "2026-12-31")]
    [InlineData("2026-02-30", "2026-01-01")]
    [InlineData("2026-01-01", "x")]
    [InlineData("1", "2026-01-01")]
    [InlineData("a%20b%2Fc", "ä")]
    [InlineData("__HIVE_DEFAULT_PARTITION__", "3")]
    [InlineData("__HIVE_DEFAULT_PARTITION__", "x")]
    public async Task Values_and_types_are_those_that_DuckDB_reads(string one, string other)
    {
        Write($"k={one}/a.parquet", 1);
        Write($"k={other}/a.parquet", 2);
        Assert.True((await place.RunAsync(place.Options())).Completed);
        Assert.Equal(
            Duck.Column($"SELECT id || ' ' || typeof(k) || ' ' || coalesce(k::VARCHAR, 'null') FROM '{place.In}/*/*.parquet' ORDER BY id"),
            Duck.Column($"SELECT id || ' ' || typeof(k) || ' ' || coalesce(k::VARCHAR, 'null') FROM '{place.OutFiles}' ORDER BY id"));
    }

    [Fact]
    public async Task They_stand_in_the_template_and_can_be_chosen()
    {
        Write("year=2026/day=2026-01-01/a.parquet", 1);
        Write("year=2026/day=2026-01-02/a.parquet", 2);
        var options = place.Options("{{ text }} of {{ day }}");
        options.Source.Parquet!.Columns = ["day", "id", "text"];
        await place.RunAsync(options);
        Assert.Equal(
            ["2026-01-01 1 text of 2026-01-01", "2026-01-02 2 text of 2026-01-02"],
            Duck.Column($"SELECT day || ' ' || id || ' ' || output FROM '{place.OutFiles}' ORDER BY id"));
        Assert.Equal(0, Duck.Count($"SELECT count(*) FROM (DESCRIBE SELECT * FROM '{place.OutFiles}') WHERE column_name = 'year'"));
    }

    [Theory]
    [InlineData("in/day=2026-01-01")]
    [InlineData("in/day=*/*.parquet")]
    [InlineData("in/day=2026-01-01/a.parquet")]
    public async Task A_path_below_the_folder_has_its_column_too(string path)
    {
        Write("day=2026-01-01/a.parquet", 1);
        var options = place.Options();
        options.Source.Parquet!.Path = path;
        await place.RunAsync(options);
        Assert.Equal(["2026-01-01"], Duck.Column($"SELECT day::VARCHAR FROM '{place.OutFiles}'"));
        Assert.Equal(1, (await place.RunAsync(place.Options())).RecordsAlreadyDone);
    }

    [Theory]
    [InlineData("id", "'id' is in ")]
    [InlineData("Text", "'text' is in ")]
    public async Task A_column_that_the_file_has_too_is_refused_by_name_and_can_be_left_out(string name, string expected)
    {
        Write($"{name}=7/a.parquet", 1);
        Assert.Contains(expected, await place.RefusalAsync(place.Options()), StringComparison.Ordinal);
        if (name == "Text")
        {
            var options = place.Options();
            options.Source.Parquet!.Columns = ["id", "text"];
            Assert.True((await place.RunAsync(options)).Completed);
        }
    }

    [Fact]
    public async Task A_file_outside_the_folders_lacks_the_column()
    {
        Write("k=1/a.parquet", 1);
        Write("b.parquet", 2);
        Assert.Contains("'k' is missing in ", await place.RefusalAsync(place.Options()), StringComparison.Ordinal);
        var options = place.Options();
        options.Source.Parquet!.OnSchemaChange = "widen";
        await place.RunAsync(options);
        Assert.Equal(["1", ""], Duck.Column($"SELECT k FROM '{place.OutFiles}' ORDER BY id"));
        Write("k=1/k=2/a.parquet", 3);
        Assert.Contains("two folders", await place.RefusalAsync(options), StringComparison.Ordinal);
    }

    private void Write(string name, int id)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(place.In, name))!);
        place.WriteSource($"SELECT {id} AS id, 'text' AS text", name);
    }
}
