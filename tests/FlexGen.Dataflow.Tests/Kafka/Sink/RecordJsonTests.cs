using FlexGen.Dataflow.Columns;
using FlexGen.Dataflow.Kafka.Sink;
using FlexGen.Dataflow.Records;
using Parquet.Meta;
using PhysicalType = Parquet.Meta.Type;
using Record = FlexGen.Dataflow.Records.Record;

namespace FlexGen.Dataflow.Tests.Kafka.Sink;

public sealed class RecordJsonTests
{
    private static readonly SchemaElement day = new() { Name = "day", Type = PhysicalType.INT32, ConvertedType = ConvertedType.DATE };
    private static readonly PhysicalField physical = PhysicalField.Create(day, 0);
    private const string Added = """
        "output":"a\"é","finish_reason":"stop","prompt_tokens":3,"completion_tokens":2}
        """;

    private static readonly Completion completion = new("a\"é", "stop", 3, 2);
    private static readonly RecordJson json = new(new RowSchema([new RowColumn([day])], [new Leaf("day", physical)]), isJson: false, isWhole: false);

    [Fact]
    public void A_result_has_the_columns_and_the_output_which_can_be_found_again()
    {
        var record = Of(0);
        record.Encoded = json.Encode(record);
        Assert.Equal($$"""{"day":"1970-01-01",{{Added}}""", System.Text.Encoding.UTF8.GetString(json.Result(record)));
        Assert.Equal("a\"é", json.OutputOf(record));
    }

    [Theory]
    [InlineData("{}", "{")]
    [InlineData(" { } ", "{")]
    [InlineData("{\"id\": 1 }\n", "{\"id\": 1,")]
    public void A_result_has_the_fields_of_a_message_that_passes_whole_as_they_are_written(string value, string fields)
    {
        var whole = new RecordJson(RowSchema.Empty, isJson: true, isWhole: true);
        var record = new Record(new Assignment("s"), 0, Rows.Empty, 0)
        {
            Message = new() { Value = System.Text.Encoding.UTF8.GetBytes(value) },
            Completion = completion,
        };
        record.Encoded = whole.Encode(record);
        Assert.Equal(fields + Added, System.Text.Encoding.UTF8.GetString(whole.Result(record)));
        Assert.Equal("a\"é", whole.OutputOf(record));
    }

    [Fact]
    public void A_date_that_no_text_stands_for_fails_its_record_and_is_null_in_the_dead_letter()
    {
        var record = Of(int.MaxValue);
        var error = Assert.Throws<RecordException>(() => json.Encode(record));
        Assert.Equal("invalid_value", error.Reason);
        Assert.Contains("\"day\"", error.Message, StringComparison.Ordinal);
        Assert.Equal("""{"day":null}""", System.Text.Encoding.UTF8.GetString(json.Columns(record)));
    }

    [Fact]
    public void Nanoseconds_are_not_cut_and_what_json_has_no_number_for_is_a_text()
    {
        SchemaElement[] elements =
        [
            new() { Name = "at", Type = PhysicalType.INT64, LogicalType = new() { TIMESTAMP = new() { Unit = new() { NANOS = new() } } } },
            new() { Name = "old", Type = PhysicalType.INT96 },
            new() { Name = "half", Type = PhysicalType.FIXED_LEN_BYTE_ARRAY, TypeLength = 2, LogicalType = new() { FLOAT16 = new() } },
            new() { Name = "nan", Type = PhysicalType.FIXED_LEN_BYTE_ARRAY, TypeLength = 2, LogicalType = new() { FLOAT16 = new() } },
        ];
        Leaf[] leaves = [.. elements.Select((element, i) => new Leaf(element.Name, PhysicalField.Create(element, i)))];
        var rows = new Rows(
        [
            new TypedColumnData<long>(leaves[0].Physical, [1_700_000_000_123_456_789], null, null),
            Bytes(leaves[1], [1, 0, 0, 0, 0, 0, 0, 0, 0x8c, 0x3d, 0x25, 0]),
            Bytes(leaves[2], [0, 0x3e]),
            Bytes(leaves[3], [0, 0x7e]),
        ]);
        var whole = new RecordJson(new RowSchema([.. elements.Select(element => new RowColumn([element]))], leaves), isJson: false, isWhole: false);
        Assert.Equal(
            """{"at":"2023-11-14T22:13:20.123456789","old":"1970-01-01T00:00:00.000000001","half":1.5,"nan":"NaN"}""",
            System.Text.Encoding.UTF8.GetString(whole.Columns(new Record(new Assignment("s"), 0, rows, 0))));

        static TypedColumnData<ReadOnlyMemory<byte>> Bytes(Leaf leaf, byte[] value) => new(leaf.Physical, [value], null, null);
    }

    private static Record Of(int value) => new(new Assignment("s"), 0, new Rows([new TypedColumnData<int>(physical, [value], null, null)]), 0)
    {
        Completion = completion,
    };
}
