using System.Text;
using FlexGen.Dataflow.Kafka.Source;
using FlexGen.Dataflow.Records;
using Record = FlexGen.Dataflow.Records.Record;

namespace FlexGen.Dataflow.Tests.Kafka.Source;

/// <summary>What a message must be.</summary>
public sealed class MessageDecoderTests
{
    private const string Many = "\"a0\":0,\"a1\":0,\"a2\":0,\"a3\":0,\"a4\":0,\"a5\":0,\"a6\":0,\"a7\":0,\"a8\":0,\"a9\":0,";

    [Theory]
    [InlineData("""{"text":"a","text":"b"}""")]
    [InlineData("""{"text":"a","other":1,"other":2}""")]
    [InlineData("""{"text":"a","\u0074ext":"b"}""")]
    [InlineData("""{"\u0074ext":"a","text":"b"}""")]
    [InlineData("""{"text":"a","other":{"x":1,"x":2}}""")]
    [InlineData("""{"text":"a","other":[[{"x":{"y":1,"z":1,"y":2}}]]}""")]
    [InlineData("""{"text":{"x":1,"\u0078":2}}""")]
    public void A_field_that_is_there_twice_makes_the_message_a_dead_letter(string json)
    {
        var record = Decode(json);
        Assert.Equal("duplicate_field", record.Error?.Reason);
        Assert.Contains("twice", record.Error!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Fields_of_an_object_with_many_are_found_twice_all_the_same()
    {
        var forty = string.Concat(Enumerable.Range(0, 4).Select(n => Many.Replace("\"a", $"\"{n}a", StringComparison.Ordinal)));
        Assert.Null(Decode($"{{{forty}\"text\":\"a\"}}").Error);
        Assert.Equal("duplicate_field", Decode($"{{{forty}\"text\":\"a\",\"3a9\":1}}").Error?.Reason);
        Assert.Equal("duplicate_field", Decode($"{{{forty}\"text\":\"a\",\"0a0\":1}}").Error?.Reason);
    }

    [Theory]
    [InlineData("""{"text":"a","other":{"text":"b"},"third":{"text":"c"}}""")]
    [InlineData("""{"text":"a","Text":"b"}""")]
    [InlineData("""{"text":"a","other":[{"x":1},{"x":2}]}""")]
    public void The_same_name_in_different_objects_is_no_matter(string json) => Assert.Null(Decode(json).Error);

    private static Record Decode(string json)
    {
        var record = new Record(new Assignment("s"), 0, Rows.Empty, 0) { Message = new() { Value = Encoding.UTF8.GetBytes(json) } };
        new MessageDecoder(MessageSchema.Of(["text"]), isJson: true, 1 << 20, []).Decode([record]);
        return record;
    }
}
