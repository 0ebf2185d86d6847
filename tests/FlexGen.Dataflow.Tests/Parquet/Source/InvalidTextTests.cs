using FlexGen.Dataflow.Columns;
using FlexGen.Dataflow.Kafka.Sink;
using FlexGen.Dataflow.Parquet.Source;
using FlexGen.Dataflow.Records;
using FlexGen.Dataflow.Tests.Support;
using Parquet.Meta;
using static FlexGen.Dataflow.Tests.Support.RawParquet;
using Record = FlexGen.Dataflow.Records.Record;
using Type = Parquet.Meta.Type;

namespace FlexGen.Dataflow.Tests.Parquet.Source;

public sealed class InvalidTextTests : IDisposable
{
    private static readonly ReadOnlyMemory<byte> cut = "TRELÃ"u8[..5].ToArray();
    private static readonly ReadOnlyMemory<byte> good = "gut é"u8.ToArray();

    private readonly Workplace place = new();

    private string File => Path.Combine(place.In, "a.parquet");

    public void Dispose() => place.Dispose();

    [Theory]
    [InlineData(ConvertedType.UTF8, "string")]
    [InlineData(ConvertedType.ENUM, "enum")]
    public async Task A_text_that_is_not_utf8_is_a_dead_letter_that_can_be_read(ConvertedType annotation, string name)
    {
        await WriteAsync(File, 3, [Leaf("text", Type.BYTE_ARRAY, converted: annotation)], field => Flat<ReadOnlyMemory<byte>>(field, good, cut, null));
        await place.RunAsync(place.Options("x"));
        Assert.Equal(["0", "2"], Duck.Column($"SELECT id FROM '{place.OutFiles}' ORDER BY id"));
        Assert.Equal(
            [@"1 invalid_utf8 TREL\xC3"], Duck.Column($"SELECT id || ' ' || error_reason || ' ' || text FROM '{place.ErrorFiles}'"));
        Assert.Contains($"'text' holds bytes that are not UTF-8, as a {name} must be", Duck.Column($"SELECT error FROM '{place.ErrorFiles}'")[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Json_that_is_none_is_a_dead_letter_that_can_be_read()
    {
        await WriteAsync(File, 5, [Leaf("text", Type.BYTE_ARRAY, converted: ConvertedType.JSON)], field => Flat<ReadOnlyMemory<byte>>(
            field, "{\"a\":[1, 2]}"u8.ToArray(), "{\"a\":"u8.ToArray(), cut, "1 2"u8.ToArray(), """{"b":"\ud800"}"""u8.ToArray()));
        await place.RunAsync(place.Options("x"));
        Assert.Equal(["{\"a\":[1, 2]}"], Duck.Column($"SELECT text FROM '{place.OutFiles}'"));
        Assert.Equal(
            ["""not_json "{\"a\":" JSON""", """invalid_utf8 "TREL\\xC3" JSON""", """not_json "1 2" JSON""", """not_json "{\"b\":\"\\ud800\"}" JSON"""],
            Duck.Column($"SELECT error_reason || ' ' || text || ' ' || typeof(text) FROM '{place.ErrorFiles}' ORDER BY id"));
    }

    [Fact]
    public async Task Texts_in_lists_and_keys_of_maps_are_no_different()
    {
        await WriteAsync(
            File,
            3,
            [
                Group("list", FieldRepetitionType.OPTIONAL, 1, ConvertedType.LIST), Group("list", FieldRepetitionType.REPEATED, 1),
                Leaf("element", Type.BYTE_ARRAY, converted: ConvertedType.UTF8),
                Group("map", FieldRepetitionType.OPTIONAL, 1, ConvertedType.MAP), Group("key_value", FieldRepetitionType.REPEATED, 2),
                new() { Name = "key", Type = Type.BYTE_ARRAY, RepetitionType = FieldRepetitionType.REQUIRED, ConvertedType = ConvertedType.UTF8 },
                Leaf("value", Type.INT32),
            ],
            field => field.Name switch
            {
                "element" => new TypedColumnData<ReadOnlyMemory<byte>>(field, [good, cut, good], [3, 3, 0, 3], [0, 1, 0, 0]),
                "key" => new TypedColumnData<ReadOnlyMemory<byte>>(field, [good, good, cut, good], [2, 2, 2, 2], [0, 0, 1, 0]),
                _ => new TypedColumnData<int>(field, [1, 2, 3, 4], [3, 3, 3, 3], [0, 0, 1, 0]),
            });
        await place.RunAsync(place.Options("x"));
        Assert.Equal(["2 [gut é] {gut é=4}"], Duck.Column($"SELECT concat_ws(' ', id, list, map) FROM '{place.OutFiles}'"));
        Assert.Equal(
            [@"0 [gut é, TREL\xC3] {gut é=1} list.list.element", @"1 NULL {gut é=2, TREL\xC3=3} map.key_value.key"],
            Duck.Column($"SELECT concat_ws(' ', id, coalesce(list::VARCHAR, 'NULL'), map, split(error, '''')[2]) FROM '{place.ErrorFiles}' ORDER BY id"));
    }

    [Fact]
    public async Task Bytes_that_claim_to_be_no_text_pass_as_they_are()
    {
        await WriteAsync(File, 1, [Leaf("bytes", Type.BYTE_ARRAY)], field => Flat<ReadOnlyMemory<byte>>(field, cut));
        await place.RunAsync(place.Options("x"));
        Assert.Equal(["5452454CC3"], Duck.Column($"SELECT hex(bytes) FROM '{place.OutFiles}'"));
    }

    [Fact]
    public void A_dead_letter_in_a_topic_shows_the_bytes_too()
    {
        var schema = MessageSchema.Of(["text"]);
        var rows = new Rows([new TypedColumnData<ReadOnlyMemory<byte>>(schema.Leaves[0].Physical, [good, cut], [1, 1], null)]);
        Record[] records = [new(new Assignment("s"), 0, rows, 0), new(new Assignment("s"), 1, rows, 1)];
        new TextCheck(schema).Check(records);
        Assert.Null(records[0].Error);
        Assert.Equal("invalid_utf8", records[1].Error!.Reason);
        var json = new RecordJson(schema, isJson: false, isWhole: false);
        Assert.Equal("""{"text":"TREL\\xC3"}""", System.Text.Encoding.UTF8.GetString(json.Columns(records[1])));
    }
}
