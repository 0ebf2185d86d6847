using System.Buffers.Binary;
using FlexGen.Dataflow.Columns;
using FlexGen.Dataflow.Tests.Support;
using Parquet.Meta;
using ParquetSharp;
using static FlexGen.Dataflow.Tests.Support.RawParquet;
using Type = Parquet.Meta.Type;

namespace FlexGen.Dataflow.Tests.Parquet;

public sealed class FooterTests : IDisposable
{
    private readonly Workplace place = new();

    private string File => Path.Combine(place.In, "a.parquet");

    public void Dispose() => place.Dispose();

    [Theory]
    [InlineData(101)]
    [InlineData(30_000)]
    [InlineData(99_000)]
    [InlineData(1_000_000)]
    public async Task A_schema_of_groups_in_groups_is_refused_before_anything_recurses_into_it(int depth)
    {
        WriteFooter([0x15, 2, 0x19, .. List(depth), .. Enumerable.Repeat<byte[]>([0x48, 1, (byte)'g', 0x15, 2, 0], depth).SelectMany(group => group), 0]);
        await RefusedAsync("its schema has");
        Directory.CreateDirectory(place.Out);
        System.IO.File.Move(File, Path.Combine(place.Out, "a.parquet"));
        place.WriteIds(1);
        await RefusedAsync("its schema has");
    }

    [Theory]
    [InlineData(new byte[] { 0x15, 2, 0x19, 0x1c, 0x48, 1, 103, 0x15, 1, 0, 0 }, "a group of -1 children")]
    [InlineData(new byte[] { 0x15, 2, 0x19, 0x1c, 0x48, 1, 103, 0x15, 4, 0, 0 }, "lacks elements that its groups count")]
    [InlineData(new byte[] { 0x15, 2, 0x19, 0x2c, 0x48, 1, 103, 0, 0x48, 1, 103, 0, 0 }, "elements outside its root")]
    [InlineData(new byte[] { 0x15, 2, 0x19, 0xfc, 0xff, 0xff, 0xff, 0xff, 0x0f, 0 }, "a list of 4294967295 elements")]
    [InlineData(new byte[] { 0x15, 2, 0 }, "no schema")]
    [InlineData(new byte[] { 0x1c, 0x1c, 0x1c, 0x1c, 0x1c, 0x1c, 0x1c, 0x1c, 0x1c, 0x1c, 0x1c }, "ends too early")]
    [InlineData(new byte[] { 0x1e, 0, 0 }, "unknown type 14")]
    [InlineData(new byte[] { 0x15, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 0 }, "more than 64 bits")]
    [InlineData(new byte[] { 0x15, 2, 0x19, 0x1c, 0x48, 1, 103, 0, 0xc1, 0 }, "field 14 of the footer is none that the format has")]
    [InlineData(new byte[] { 0x15, 2, 0x19, 0x1c, 0x48, 1, 103, 0, 0x26, 2, 0 }, "field 4 of the footer has the type 6")]
    [InlineData(new byte[] { 0x15, 2, 0x19, 0x1c, 0x48, 1, 103, 0, 0x79, 0x16, 2, 0 }, "field 9 of the footer has the type 9")]
    [InlineData(new byte[] { 0x15, 2, 0x19, 0x1c, 0x45, 2, 0, 0 }, "field 4 of a schema's element has the type 5")]
    [InlineData(new byte[] { 0x15, 2, 0x19, 0x1c, 0x48, 1, 103, 0, 0x29, 0x15, 2, 0 }, "field 4 of the footer has the type 5")]
    public async Task A_footer_that_contradicts_itself_is_refused(byte[] footer, string part)
    {
        WriteFooter(footer);
        await RefusedAsync(part);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_a_draft_of_the_format_has_under_the_number_of_a_hint_is_passed_over(bool isLast)
    {
        await WriteAsync(File, 3, [Leaf("v", Type.INT64), Leaf("w", Type.INT64)], field => Flat<long>(field, 1, null, 3), metadata =>
        {
            var chunk = metadata.RowGroups[0].Columns[1].MetaData!;
            (chunk.BloomFilterOffset, chunk.BloomFilterLength) = (1, 5);
            chunk.SizeStatistics = isLast ? null : new SizeStatistics { UnencodedByteArrayDataBytes = 7 };
        });
        var bytes = await System.IO.File.ReadAllBytesAsync(File);
        // The filter's offset and length, as the footer has them, become a text of two bytes under the offset's number.
        var at = bytes.AsSpan().LastIndexOf(new byte[] { 0x02, 0x15, 0x0a }) - 1;
        Assert.Equal(6, bytes[at] & 0x0f);
        bytes[at] += 2;
        await System.IO.File.WriteAllBytesAsync(File, bytes);
        await place.RunAsync(place.Options("x"));
        Assert.Equal(
            ["0 1 1", "1 - -", "2 3 3"],
            Duck.Column($"SELECT concat_ws(' ', id, coalesce(v::VARCHAR, '-'), coalesce(w::VARCHAR, '-')) FROM '{place.OutFiles}' ORDER BY id"));
    }

    [Fact]
    public async Task Structures_nested_without_end_are_refused()
    {
        WriteFooter([.. Enumerable.Repeat<byte>(0x1c, 200_000)]);
        await RefusedAsync("nested deeper than 32");
    }

    [Fact]
    public async Task Counts_that_contradict_each_other_are_refused()
    {
        await SpoilAsync(metadata => metadata.RowGroups[0].NumRows = -1, "row group 0 has -1 rows");
        await SpoilAsync(metadata => metadata.RowGroups[0].Columns[1].MetaData!.NumValues = 4, "row group 0 has 3 rows and 4 values of 'v'");
        await SpoilAsync(metadata => metadata.RowGroups[0].Columns[1].MetaData!.NumValues = 0, "row group 0 has 3 rows and 0 values of 'v'");
        await SpoilAsync(metadata => metadata.RowGroups[0].Columns.RemoveAt(1), "1 column chunks, for 2 columns");
        await SpoilAsync(metadata => metadata.RowGroups[0].Columns.Reverse(), "a chunk of 'v' where that of 'id' should be");
    }

    [Fact]
    public async Task Columns_of_other_lengths_than_their_row_group_are_refused()
    {
        SchemaElement[] list = [Group("v", FieldRepetitionType.OPTIONAL, 1, ConvertedType.LIST), Group("list", FieldRepetitionType.REPEATED, 1), Leaf("element", Type.INT32)];
        await WriteAsync(File, 3, list, field => new TypedColumnData<int>(field, [1, 2, 3, 4], [3, 3, 3, 3], [0, 1, 0, 0]), metadata =>
        {
            metadata.NumRows = metadata.RowGroups[0].NumRows = 2;
            metadata.RowGroups[0].Columns[0].MetaData!.NumValues = 2;
        });
        await RefusedAsync("column 'v'", "it holds more than the 2 rows of its row group");
    }

    [Fact]
    public async Task Values_are_not_taken_from_the_next_column()
    {
        await WriteAsync(File, 3, [Leaf("v", Type.INT64), Leaf("w", Type.INT64)], field => Flat<long>(field, 1, null, 3));
        var bytes = await System.IO.File.ReadAllBytesAsync(File);
        // How many values the page of v says that it has, as the header states it: 3, of which 2 are left.
        var page = bytes.AsSpan().IndexOf(new byte[] { 0x2c, 0x15, 6 }) is >= 0 and var id ? id + 3 : 0;
        page += bytes.AsSpan(page).IndexOf(new byte[] { 0x2c, 0x15, 6 });
        bytes[page + 2] = 4;
        await System.IO.File.WriteAllBytesAsync(File, bytes);
        await RefusedAsync("cannot read column 'v'", "damaged");
    }

    [Fact]
    public async Task A_row_group_that_claims_more_than_it_holds_takes_no_memory_for_it_and_is_refused()
    {
        await SpoilAsync(
            metadata =>
            {
                metadata.NumRows = metadata.RowGroups[0].NumRows = 3_000_000_000;
                metadata.RowGroups[0].Columns.ForEach(chunk => chunk.MetaData!.NumValues = 3_000_000_000);
            },
            "column 'id'", "it ends after 3 of 3000000000 values");
    }

    [Fact]
    public async Task An_encrypted_file_is_called_encrypted()
    {
        await System.IO.File.WriteAllBytesAsync(File, [.. "PARE"u8, .. new byte[40], 40, 0, 0, 0, .. "PARE"u8]);
        await RefusedAsync("encrypted");
    }

    [Fact]
    public async Task Encrypted_columns_are_named_with_those_that_can_be_read()
    {
        using (var key = new FileEncryptionPropertiesBuilder(new byte[16]).SetPlaintextFooter()
            .EncryptedColumns([new ColumnEncryptionPropertiesBuilder("secret").Key(new byte[16]).Build()]).Build())
        using (var properties = new WriterPropertiesBuilder().Encryption(key).Build())
        using (var writer = new ParquetFileWriter(File, [new Column<long>("id"), new Column<string>("secret"), new Column<string>("text")], null, properties))
        {
            using var group = writer.AppendRowGroup();
            using (var ids = group.NextColumn().LogicalWriter<long>())
            {
                ids.WriteBatch([0]);
            }

            using (var secrets = group.NextColumn().LogicalWriter<string>())
            {
                secrets.WriteBatch(["s"]);
            }

            using (var texts = group.NextColumn().LogicalWriter<string>())
            {
                texts.WriteBatch(["t"]);
            }

            writer.Close();
        }

        await RefusedAsync("column 'secret'", "is encrypted", "can name id, text");
        var options = place.Options();
        options.Source.Parquet!.Columns = ["id", "text"];
        Assert.True((await place.RunAsync(options)).Completed);
        place.AssertEachIdOnce(1);
    }

    private async Task SpoilAsync(Action<global::Parquet.Meta.FileMetaData> change, params string[] parts)
    {
        await WriteAsync(File, 3, [Leaf("v", Type.INT32)], field => Flat<int>(field, 1, null, 3), change);
        await RefusedAsync(parts);
    }

    private async Task RefusedAsync(params string[] parts)
    {
        var why = await place.RefusalAsync(place.Options("x"));
        Assert.All([.. parts, "a.parquet"], part => Assert.Contains(part, why, StringComparison.Ordinal));
    }

    private void WriteFooter(byte[] footer)
    {
        var length = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, footer.Length);
        System.IO.File.WriteAllBytes(File, [.. "PAR1"u8, .. footer, .. length, .. "PAR1"u8]);
    }

    private static byte[] List(int count)
    {
        List<byte> header = [0xfc];
        for (; count >= 0x80; count >>= 7)
        {
            header.Add((byte)(count | 0x80));
        }

        return [.. header, (byte)count];
    }
}
