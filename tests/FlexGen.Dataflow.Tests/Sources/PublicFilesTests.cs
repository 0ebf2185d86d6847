using FlexGen.Dataflow.Tests.Support;

namespace FlexGen.Dataflow.Tests.Sources;

public sealed class PublicFilesTests : IDisposable
{
    private static readonly string? folder = Find();

    private readonly Workplace place = new();

    public void Dispose() => place.Dispose();

    public static TheoryData<string> Files() =>
        folder is null ? [] : [.. Directory.GetFiles(folder, "*.parquet").Select(file => Path.GetFileName(file)).Order()];

    [Theory]
    [MemberData(nameof(Files))]
    public async Task A_public_file_passes_through(string name)
    {
        var source = Path.Combine(place.In, name);
        File.Copy(Path.Combine(folder!, name), source);
        await place.RunAsync(place.Options("x"));
        var types = "SELECT column_name, column_type FROM (DESCRIBE SELECT * {0} FROM '{1}')";
        var expected = Duck.Query(types.Replace("{0}", "").Replace("{1}", source));
        if (Duck.Count($"SELECT count(*) FROM '{source}'") == 0)
        {
            return;
        }
        var found = Duck.Query(types.Replace("{0}", "EXCLUDE (output, finish_reason, prompt_tokens, completion_tokens)").Replace("{1}", place.OutFiles));
        Assert.Equal(expected, found);
        var s = $"SELECT * FROM '{source}'";
        var o = $"SELECT * EXCLUDE (output, finish_reason, prompt_tokens, completion_tokens) FROM '{place.OutFiles}'";
        Assert.Equal(0, Duck.Count($"SELECT count(*) FROM (({s} EXCEPT ALL {o}) UNION ALL ({o} EXCEPT ALL {s}))"));
    }

    private static string? Find()
    {
        for (var at = AppContext.BaseDirectory; at is not null; at = Path.GetDirectoryName(at))
        {
            if (File.Exists(Path.Combine(at, "FlexGen.Dataflow.sln")))
            {
                var found = Path.Combine(at, "..", "shared", "parquet");
                return Directory.Exists(found) ? Path.GetFullPath(found) : null;
            }
        }
        return null;
    }
}
