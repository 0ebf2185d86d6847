using System.Text;
using Confluent.Kafka;
using FlexGen.Testing.Kafka;

namespace FlexGen.Worker.Tests.Kafka;

/// <summary>Dead letters that a topic does not take as they are, at the limits that brokers have where nothing is set.</summary>
[Collection(KafkaCollection.Name)]
[Trait("Category", "Long")]
public class RefusedTests(KafkaFixture kafka)
{
    private const int DefaultMaxMessageBytes = 1_048_588;

    [Theory]
    [InlineData("exactlyOnce")]
    [InlineData("atLeastOnce")]
    public async Task Given_messages_whose_dead_letters_are_too_large_when_run_then_they_are_there_with_less_and_the_others_are_answered(string guarantee)
    {
        using var workspace = await KafkaWorkspace.CreateAsync(kafka.Client, partitions: 1);
        await Topics.LimitAsync(kafka.Client, DefaultMaxMessageBytes, workspace.Results, workspace.Dead);
        workspace.WritePipeline(sink: workspace.KafkaSink(workspace.Results, $", guarantee: {guarantee}"));
        await File.AppendAllTextAsync(workspace.At(KafkaWorkspace.File), "\noutput: { schema: s.json }\n");
        await File.WriteAllTextAsync(workspace.At("s.json"), """{ "type": "object", "additionalProperties": false }""");
        Topics.Write(kafka.Client, workspace.Requests,
        [
            Good(0),
            Message("not JSON", headers: Enumerable.Range(0, 8).Select(n => new Header($"h{n}", new byte[131_060]))),
            Good(1),
            Message("not JSON", key: new byte[1_048_300]),
            Message("{\"id\": -1, \"text\": \"{}\"}", headers: [new Header("h", new byte[1_048_450])]),
            Message($"{{\"id\": -1, \"text\": \"{{\\\"{new string('k', 600_000)}\\\": 1}}\"}}"),
            Good(2),
        ]);
        (await workspace.RunAsync()).Expect(0);

        // At least once, what was written beside a refused message is written again.
        var (ids, all) = (workspace.ResultIds(), workspace.ReadDead());
        Assert.True(guarantee == "atLeastOnce" || (ids.Count == 3 && all.Count == 4));
        Assert.Equal([0, 1, 2], ids.Distinct().Order());
        var dead = all.DistinctBy(Origin).OrderBy(Origin).ToArray();
        Assert.Equal(["not_json", "not_json", "result_refused", "schema_violation"], dead.Select(message => KafkaWorkspace.Header(message, "flexgen.reason")));
        Assert.Equal([$"{8 * 131_062}", null, "1048451", null], dead.Select(message => KafkaWorkspace.Header(message, "flexgen.dropped.headers")));
        Assert.Equal([null, "1048300", null, null], dead.Select(message => KafkaWorkspace.Header(message, "flexgen.dropped.key")));
        // What fits is whole.
        Assert.InRange(dead[3].Message.Value!.Length, 600_000, 700_000);
        Assert.All(dead, message => Assert.All(message.Message.Headers, header => Assert.InRange(header.GetValueBytes().Length, 1, 1024)));
    }

    private static long Origin(ConsumeResult<byte[]?, byte[]?> dead) =>
        long.Parse(KafkaWorkspace.Header(dead, "flexgen.origin.offset")!, System.Globalization.CultureInfo.InvariantCulture);

    private static Message<byte[]?, byte[]?> Good(int id) => Message($"{{\"id\": {id}, \"text\": \"{{}}\"}}");

    private static Message<byte[]?, byte[]?> Message(string value, byte[]? key = null, IEnumerable<Header>? headers = null) =>
        new() { Key = key, Value = Encoding.UTF8.GetBytes(value), Headers = [.. headers ?? []] };
}
