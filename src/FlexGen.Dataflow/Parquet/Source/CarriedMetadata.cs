namespace FlexGen.Dataflow.Parquet.Source;

/// <summary>
/// The entries of the files' footers that are true of what is made from them: those on which all files agree. Descriptions of the columns
/// are not, since the output has others.
/// </summary>
internal sealed class CarriedMetadata
{
    private const string Own = "flexgen.";

    // GeoParquet's, which is true as long as its columns are there.
    private const string Geometry = "geo";

    // pandas', Hugging Face datasets', Spark's and Avro's; ARROW:schema, avro.schema, iceberg.schema and others call themselves so.
    private static readonly string[] descriptions =
    [
        "pandas",
        "huggingface",
        "org.apache.spark.sql.parquet.row.metadata",
        "org.apache.spark.sql.parquet.row.attributes",
        "writer.model.name",
        "parquet.proto.class",
        "parquet.proto.descriptor",
    ];

    private Dictionary<string, string>? agreed;

    public void Add(IReadOnlyDictionary<string, string> footer) =>
        agreed = (agreed ?? footer.AsEnumerable()).Where(entry => footer.TryGetValue(entry.Key, out var value) && value == entry.Value).ToDictionary();

    /// <param name="isWhole">Whether all columns are read.</param>
    public IReadOnlyDictionary<string, string> Entries(bool isWhole) =>
        (agreed ?? []).Where(entry => !IsDescription(entry.Key) && (isWhole || entry.Key != Geometry)).ToDictionary();

    private static bool IsDescription(string key) =>
        key.StartsWith(Own, StringComparison.Ordinal) || descriptions.Contains(key) || key.Contains("schema", StringComparison.OrdinalIgnoreCase);
}
