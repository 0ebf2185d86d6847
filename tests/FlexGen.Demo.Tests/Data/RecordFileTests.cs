using FlexGen.Demo.Data;
using Parquet;

namespace FlexGen.Demo.Tests.Data;

public sealed class RecordFileTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory().FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task Poison_replaces_some_texts_and_takes_their_expected_lines()
    {
        var (path, expected) = (Path.Combine(folder, "records.parquet"), Path.Combine(folder, "expected.jsonl"));
        await RecordFile.WriteAsync(path, RecordSet.Make(NameSet.Test, 1, 1000), poison: true, expected);
        await using var reader = await ParquetReader.CreateAsync(path, cancellationToken: TestContext.Current.CancellationToken);
        using var rows = reader.OpenRowGroupReader(0);
        var texts = new ReadOnlyMemory<char>?[1000];
        await rows.ReadAsync(reader.Schema.DataFields[1], texts.AsMemory(), cancellationToken: TestContext.Current.CancellationToken);
        Assert.Single(texts, t => t is null);
        Assert.Single(texts, t => t?.Length > 5000);
        Assert.Equal(998, File.ReadLines(expected).Count());
    }
}
