using FlexGen.Dataflow.Tests.Support;

namespace FlexGen.Dataflow.Tests.Parquet.Sink;

/// <summary>A part file whose footer says what no pipeline would have written is refused, not believed.</summary>
public sealed class PartMetadataTests : IDisposable
{
    private readonly Workplace workplace = new();

    [Theory]
    [InlineData("""{"a.parquet":[[0,9223372036854775807]]}""", "covers 9223372036854775807 positions with 20 rows")]
    [InlineData("""{"a.parquet":[[-9,1]]}""", "[[-9,1]]")]
    [InlineData("""{"a.parquet":[[0,10],[5,15]]}""", "[[0,10],[5,15]]")]
    [InlineData("""{"a.parquet":[[10,20],[0,10]]}""", "[[10,20],[0,10]]")]
    [InlineData("""{"a.parquet":[[5,5]]}""", "[[5,5]]")]
    [InlineData("""{"a.parquet":[[5]]}""", "[[5]]")]
    [InlineData("""{"a.parquet":[null]}""", "[null]")]
    [InlineData("""{"other.parquet":[[0,20]]}""", "of a.parquet")]
    [InlineData("""{"a.parquet":[[0,19]]}""", "covers 19 positions with 20 rows")]
    [InlineData("""null""", "lacks a field")]
    [InlineData("""{"a.parquet":[[10,30]]}""", "rows up to 30")]
    public async Task A_forged_footer_is_refused_by_name(string covered, string expected)
    {
        workplace.WriteIds(20);
        await workplace.RunAsync(workplace.Options());
        var part = Directory.GetFiles(workplace.Out, "*.parquet").Single();
        var footer = (string)Duck.Query($"SELECT decode(value) FROM parquet_kv_metadata('{part}') WHERE key::VARCHAR = 'flexgen.part'")[0][0]!;
        var forged = string.Concat(footer.AsSpan(0, footer.IndexOf("\"Covered\":", StringComparison.Ordinal)), "\"Covered\":", covered, "}");
        Duck.Write($"SELECT * FROM '{part}'", Path.Combine(workplace.Root, "forged.parquet"), $", KV_METADATA {{'flexgen.part': '{forged}'}}");
        File.Move(Path.Combine(workplace.Root, "forged.parquet"), part, overwrite: true);
        var error = await workplace.RefusalAsync(workplace.Options());
        Assert.Contains(expected, error, StringComparison.Ordinal);
        Assert.Contains(expected.StartsWith("rows", StringComparison.Ordinal) ? "a.parquet" : part, error, StringComparison.Ordinal);
    }

    public void Dispose() => workplace.Dispose();
}
