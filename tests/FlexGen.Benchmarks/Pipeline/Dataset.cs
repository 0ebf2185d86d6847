using System.Diagnostics;
using System.Text;
using Parquet;
using Parquet.Schema;

namespace FlexGen.Benchmarks.Pipeline;

/// <summary>The dataset of <see cref="PipelineOverhead"/>: an id and a text.</summary>
internal static class Dataset
{
    public const int BytesPerRow = 500;
    private const int TextBytes = BytesPerRow - sizeof(long);
    private const long RowsPerFile = 1_000_000;

    private static readonly ParquetSchema schema = new(new DataField<long>("id"), new DataField("text", typeof(byte[])));
    private static readonly ParquetSchema textSchema = new(new DataField<long>("id"), new DataField<string>("text"));
    private static readonly ParquetSchema copySchema =
        new(new DataField<long>("id"), new DataField<string>("text"), new DataField<string>("output"));

    public static async Task WriteAsync(string folder, long rows, int rowGroup)
    {
        Directory.CreateDirectory(folder);
        var random = new Random(0);
        for (long first = 0; first < rows; first += RowsPerFile)
        {
            await using var file = File.Create(Path.Combine(folder, $"{first / RowsPerFile:D4}.parquet"));
            await using var writer = await ParquetWriter.CreateAsync(textSchema, file);
            var end = Math.Min(rows, first + RowsPerFile);
            for (var start = first; start < end; start += rowGroup)
            {
                var count = (int)Math.Min(rowGroup, end - start);
                var ids = Enumerable.Range(0, count).Select(i => start + i).ToArray();
                var texts = ids.Select(_ => (ReadOnlyMemory<byte>)Text(random)).ToArray();
                using var group = writer.CreateRowGroup();
                await group.WriteAllPartsAsync<long>(schema.DataFields[0], ids, null, null, default);
                await group.WriteAllPartsAsync<ReadOnlyMemory<byte>>(
                    schema.DataFields[1], texts, Enumerable.Repeat(1, count).ToArray(), null, default);
            }
        }
    }

    /// <summary>Reads each row group and writes it back with the text once more, as the pipeline does with the output.</summary>
    public static async Task<TimeSpan> CopyAsync(string folder, string copy)
    {
        var clock = Stopwatch.StartNew();
        await using var file = File.Create(copy);
        await using var writer = await ParquetWriter.CreateAsync(copySchema, file);
        foreach (var path in Directory.EnumerateFiles(folder).Order())
        {
            await using var reader = await ParquetReader.CreateAsync(path);
            foreach (var group in reader.RowGroups)
            {
                var count = (int)group.RowCount;
                var ids = new long[count];
                var texts = new ReadOnlyMemory<char>[count];
                var definitions = new int[count];
                await group.ReadRawAsync<long>(reader.Schema.DataFields[0], ids, null, null);
                await group.ReadRawAsync<ReadOnlyMemory<char>>(reader.Schema.DataFields[1], texts, definitions, null);
                using var copied = writer.CreateRowGroup();
                await copied.WriteAllPartsAsync<long>(copySchema.DataFields[0], ids, null, null, default);
                await copied.WriteAllPartsAsync<ReadOnlyMemory<char>>(copySchema.DataFields[1], texts, definitions, null, default);
                await copied.WriteAllPartsAsync<ReadOnlyMemory<char>>(copySchema.DataFields[2], texts, definitions, null, default);
            }
        }

        return clock.Elapsed;
    }

    private static byte[] Text(Random random)
    {
        var text = new StringBuilder(TextBytes);
        while (text.Length < TextBytes)
        {
            text.Append((char)('a' + random.Next(26)), 1 + random.Next(6)).Append(' ');
        }

        return Encoding.ASCII.GetBytes(text.ToString(0, TextBytes));
    }
}
