using FlexGen.Dataflow.Parquet.Source;
using FlexGen.Dataflow.Tests.Support;

namespace FlexGen.Dataflow.Tests.Parquet.Source;

/// <summary>What of the footers' entries reaches the output.</summary>
public sealed class CarriedMetadataTests : IDisposable
{
    private readonly Workplace place = new();

    public void Dispose() => place.Dispose();

    [Fact]
    public async Task What_all_files_agree_on_reaches_output_and_dead_letter()
    {
        place.WriteSource("SELECT 1::BIGINT AS id, NULL::VARCHAR AS text", options: ", KV_METADATA {'licence': 'CC', 'made': 'monday', 'avro.schema': '{}'}");
        place.WriteIds(5, "b.parquet", 5, ", KV_METADATA {'licence': 'CC', 'made': 'friday', 'more': 'x', 'avro.schema': '{}'}");
        await place.RunAsync(place.Options());
        foreach (var files in new[] { place.OutFiles, place.ErrorFiles })
        {
            Assert.Equal(["flexgen.part", "licence"], Duck.Column($"SELECT decode(key) AS k FROM parquet_kv_metadata('{files}') ORDER BY k"));
            Assert.Equal(["CC"], Duck.Column($"SELECT decode(value) FROM parquet_kv_metadata('{files}') WHERE decode(key) = 'licence'"));
        }

        Assert.Equal(6, (await place.RunAsync(place.Options())).RecordsAlreadyDone);
    }

    [Theory]
    [InlineData("licence", true, true)]
    [InlineData("org.apache.spark.version", true, true)]
    [InlineData("org.apache.spark.legacyDateTime", true, true)]
    [InlineData("geo", true, false)]
    [InlineData("pandas", false, false)]
    [InlineData("huggingface", false, false)]
    [InlineData("ARROW:schema", false, false)]
    [InlineData("parquet.avro.schema", false, false)]
    [InlineData("org.apache.spark.sql.parquet.row.metadata", false, false)]
    [InlineData("flexgen.part", false, false)]
    public void What_describes_columns_does_not(string key, bool ofAllColumns, bool ofSomeColumns)
    {
        var metadata = new CarriedMetadata();
        metadata.Add(new Dictionary<string, string> { [key] = "x" });
        Assert.Equal(ofAllColumns, metadata.Entries(isWhole: true).ContainsKey(key));
        Assert.Equal(ofSomeColumns, metadata.Entries(isWhole: false).ContainsKey(key));
    }
}
