using System.Text.Encodings.Web;
using System.Text.Json;
using Parquet;
using Parquet.Schema;

namespace FlexGen.Demo.Data;

/// <summary>Writes records as the demo's dataset.</summary>
internal static class RecordFile
{
    private const int PoisonEvery = 400;
    private const int PoisonWords = 2000;

    private static readonly JsonSerializerOptions json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>
    /// Writes columns id (from 1) and text. With poison every 400th text is null or far longer than the model's context;
    /// those have no line in the expected file.
    /// </summary>
    /// <param name="path">The Parquet file.</param>
    /// <param name="records">Its rows.</param>
    /// <param name="poison">Whether to spoil some rows.</param>
    /// <param name="expectedPath">Where to write {"id","expected"} lines; null: nowhere.</param>
    public static async Task WriteAsync(string path, IReadOnlyList<DemoRecord> records, bool poison, string? expectedPath)
    {
        var ids = Enumerable.Range(1, records.Count).Select(n => (long)n).ToArray();
        var texts = records.Select((record, n) => poison ? Poisoned(record.Text, n) : record.Text).ToArray();
        var schema = new ParquetSchema(new DataField("id", typeof(long), isNullable: false), new DataField("text", typeof(string), isNullable: true));
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        await using (var file = File.Create(path))
        await using (var writer = await ParquetWriter.CreateAsync(schema, file, new ParquetOptions { CompressionMethod = CompressionMethod.Zstd }))
        using (var rows = writer.CreateRowGroup())
        {
            await rows.WriteAsync<long>(schema.DataFields[0], ids.AsMemory());
            await rows.WriteAsync(schema.DataFields[1], texts!);
        }

        if (expectedPath is not null)
        {
            await File.WriteAllLinesAsync(expectedPath, Enumerable.Range(0, records.Count).Where(n => !poison || !IsPoison(n))
                .Select(n => JsonSerializer.Serialize(new { id = ids[n], expected = records[n].Json }, json)));
        }
    }

    private static bool IsPoison(int row) => row % PoisonEvery == PoisonEvery / 2;

    private static string? Poisoned(string text, int row) => !IsPoison(row) ? text
        : row / PoisonEvery % 2 == 0 ? null
        : string.Join(' ', Enumerable.Repeat(text, (PoisonWords / text.Split(' ').Length) + 1));
}
