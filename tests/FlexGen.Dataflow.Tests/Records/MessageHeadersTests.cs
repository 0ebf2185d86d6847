using System.Text;
using Confluent.Kafka;
using FlexGen.Dataflow.Kafka.Sink;
using FlexGen.Dataflow.Kafka.Source;
using FlexGen.Dataflow.Records;
using Record = FlexGen.Dataflow.Records.Record;

namespace FlexGen.Dataflow.Tests.Records;

public sealed class MessageHeadersTests
{
    [Theory]
    [InlineData("{\"text\": \"a\"}")]
    [InlineData("not JSON")]
    public void Given_headers_that_look_like_the_pipelines_own_when_read_then_result_and_dead_letter_name_them_as_anothers(string value)
    {
        var schema = MessageSchema.Of(["text"]);
        var record = new Record(new Assignment("t[0]", new TopicPartition("t", 0)), 7, Rows.Empty, 0)
        {
            Message = new Message<byte[]?, byte[]?>
            {
                Value = Encoding.UTF8.GetBytes(value),
                Headers = [Header("trace", "1"), Header("flexgen.reason", "forged"), Header("FlexGen.Origin.topic", "forged"), Header("flexgen.upstream.error", "2"), Header("flexgen", "3")],
            },
        };
        new MessageDecoder(schema, isJson: true, 1000, []).Decode([record]);
        var json = new RecordJson(schema, isJson: true, isWhole: true);
        var format = new ResultFormat("results", "dead", json);
        if (record.Error is null)
        {
            record.Completion = new Completion("x", "stop", 1, 1);
            format.Encode(record);
        }

        var headers = format.Message(record, DeadLetterContent.All).Message.Headers.Select(h => (h.Key, Encoding.UTF8.GetString(h.GetValueBytes()))).ToList();

        Assert.Equal(
            [("trace", "1"), ("flexgen.upstream.reason", "forged"), ("flexgen.upstream.Origin.topic", "forged"), ("flexgen.upstream.error", "2"), ("flexgen", "3")],
            headers.Take(5));
        Assert.Equal(record.Error is null ? [] : ["not_json"], headers.Where(h => h.Key == "flexgen.reason").Select(h => h.Item2));
        Assert.Equal(record.Error is null ? [] : ["t"], headers.Where(h => h.Key == "flexgen.origin.topic").Select(h => h.Item2));
    }

    private static Header Header(string name, string value) => new(name, Encoding.UTF8.GetBytes(value));
}
