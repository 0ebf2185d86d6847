using FlexGen.Dataflow.Tests.Support;
using ParquetSharp;

namespace FlexGen.Dataflow.Tests.Parquet.Source;

/// <summary>Pages, compressions and encodings, as Apache Arrow writes them.</summary>
public sealed class StorageTests : IDisposable
{
    private const int RowCount = 3_000;

    private readonly Workplace place = new();

    public void Dispose() => place.Dispose();

    [Theory]
    [InlineData(ParquetDataPageVersion.V1, Compression.Uncompressed)]
    [InlineData(ParquetDataPageVersion.V1, Compression.Gzip)]
    [InlineData(ParquetDataPageVersion.V1, Compression.Lz4Hadoop)]
    [InlineData(ParquetDataPageVersion.V2, Compression.Uncompressed)]
    [InlineData(ParquetDataPageVersion.V2, Compression.Snappy)]
    [InlineData(ParquetDataPageVersion.V2, Compression.Gzip)]
    [InlineData(ParquetDataPageVersion.V2, Compression.Brotli)]
    [InlineData(ParquetDataPageVersion.V2, Compression.Zstd)]
    [InlineData(ParquetDataPageVersion.V2, Compression.Lz4)]
    public async Task Every_page_version_and_compression_passes_unchanged(ParquetDataPageVersion version, Compression compression)
    {
        using var builder = new WriterPropertiesBuilder();
        await PassesAsync(builder.DataPageVersion(version).Compression(compression).DataPagesize(1_000));
    }

    [Theory]
    [InlineData(ParquetDataPageVersion.V1)]
    [InlineData(ParquetDataPageVersion.V2)]
    public async Task Every_encoding_passes_unchanged(ParquetDataPageVersion version)
    {
        using var builder = new WriterPropertiesBuilder();
        await PassesAsync(builder.DataPageVersion(version).DisableDictionary().DataPagesize(1_000)
            .Encoding("id", Encoding.DeltaBinaryPacked)
            .Encoding("flag", Encoding.Rle)
            .Encoding("sure", Encoding.Rle)
            .Encoding("text", Encoding.DeltaByteArray)
            .Encoding("note", Encoding.DeltaLengthByteArray)
            .Encoding("share", Encoding.ByteStreamSplit)
            .Encoding("price", Encoding.ByteStreamSplit)
            .Encoding("day", Encoding.DeltaBinaryPacked)
            .Encoding("key", Encoding.DeltaByteArray));
    }

    [Theory]
    [InlineData(ParquetDataPageVersion.V1, Compression.Uncompressed)]
    [InlineData(ParquetDataPageVersion.V1, Compression.Gzip)]
    [InlineData(ParquetDataPageVersion.V1, Compression.Snappy)]
    [InlineData(ParquetDataPageVersion.V2, Compression.Uncompressed)]
    [InlineData(ParquetDataPageVersion.V2, Compression.Snappy)]
    [InlineData(ParquetDataPageVersion.V2, Compression.Brotli)]
    [InlineData(ParquetDataPageVersion.V2, Compression.Zstd)]
    public async Task Pages_that_are_never_in_memory_whole_pass_unchanged(ParquetDataPageVersion version, Compression compression)
    {
        using var dictionaries = new WriterPropertiesBuilder();
        await PassesAsync(dictionaries.DataPageVersion(version).Compression(compression).DataPagesize(1_000).Encoding("flag", Encoding.Plain).Encoding("sure", Encoding.Plain), holdsPages: false);
    }

    [Theory]
    [InlineData(ParquetDataPageVersion.V1)]
    [InlineData(ParquetDataPageVersion.V2)]
    public async Task Plain_pages_that_are_never_in_memory_whole_pass_unchanged(ParquetDataPageVersion version)
    {
        using var plain = new WriterPropertiesBuilder();
        await PassesAsync(
            plain.DataPageVersion(version).DisableDictionary().DataPagesize(1_000_000).Encoding("flag", Encoding.Plain).Encoding("sure", Encoding.Plain), holdsPages: false);
    }

    private async Task PassesAsync(WriterPropertiesBuilder builder, bool holdsPages = true)
    {
        var options = place.Options("{{ id }} {{ text }}");
        if (!holdsPages)
        {
            // What would be held all the same is refused.
            (options.Source.Parquet!.OpenPageBytes, options.Source.Parquet.MostPageBytes) = (0, 0);
        }

        using var properties = builder.Build();
        Write(Path.Combine(place.In, "a.parquet"), properties);
        // DuckDB does not read all of it, so it is held against the same values stored plainly.
        var file = Path.Combine(place.Root, "plain.parquet");
        using var plain = new WriterPropertiesBuilder().DisableDictionary().Build();
        Write(file, plain);
        Assert.True((await place.RunAsync(options)).Completed);
        var passed = $"SELECT * EXCLUDE (output, finish_reason, prompt_tokens, completion_tokens) FROM '{place.OutFiles}'";
        Assert.Equal(RowCount, Duck.Count($"SELECT count(*) FROM ({passed})"));
        Assert.Equal(0, Duck.Count($"SELECT count(*) FROM ((FROM '{file}' EXCEPT ALL ({passed})) UNION ALL (({passed}) EXCEPT ALL FROM '{file}'))"));
    }

    private static void Write(string path, WriterProperties properties)
    {
        Column[] columns =
        [
            new Column<long>("id"), new Column<bool?>("flag"), new Column<bool>("sure"), new Column<string>("text"), new Column<string>("note"),
            new Column<double?>("share"), new Column<decimal>("price", LogicalType.Decimal(29, 2)), new Column<DateTime?>("day"), new Column<Guid>("key"),
            new Column<int?[]>("list"),
        ];
        using var writer = new ParquetFileWriter(path, columns, null, properties);
        using (var group = writer.AppendRowGroup())
        {
            Add(group, row => (long)row);
            Add<bool?>(group, row => row % 3 == 0 ? null : row % 7 < 3);
            Add(group, row => row % 5 < 2);
            Add(group, row => $"text {row}");
            Add(group, row => row % 4 == 0 ? null! : new string('n', row % 50));
            Add<double?>(group, row => row % 6 == 0 ? null : row / 7.0);
            Add(group, row => (row - 1_000) / 4m);
            Add<DateTime?>(group, row => row % 9 == 0 ? null : DateTime.UnixEpoch.AddDays(row));
            Add(group, row => new Guid(row, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10));
            Add(group, row => row % 8 == 0 ? null! : Enumerable.Range(0, row % 5).Select(i => i % 3 == 2 ? (int?)null : row + i).ToArray());
        }

        writer.Close();
    }

    private static void Add<T>(RowGroupWriter group, Func<int, T> value)
    {
        using var column = group.NextColumn().LogicalWriter<T>();
        column.WriteBatch([.. Enumerable.Range(0, RowCount).Select(value)]);
    }
}
