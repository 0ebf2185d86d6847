using System.Text;

namespace FlexGen.Worker.Tests.Kafka;

[Collection(KafkaCollection.Name)]
[Trait("Category", "Long")]
public class PoisonTests(KafkaFixture kafka)
{
    private static readonly byte[]?[] poison =
    [
        "this is not JSON"u8.ToArray(),
        "{\"id\": 1}"u8.ToArray(),
        Encoding.UTF8.GetBytes($"{{\"id\": 2, \"text\": \"{new string('x', 10_000_000)}\"}}"),
        null,
        [],
        [0x7b, 0x22, 0x74, 0x65, 0x78, 0x74, 0x22, 0x3a, 0x22, 0xff, 0xfe, 0x22, 0x7d],
    ];

    [Fact]
    public async Task Given_poison_among_good_messages_when_run_then_each_is_in_the_dead_letter_as_it_came_and_the_good_ones_in_the_results()
    {
        using var workspace = await KafkaWorkspace.CreateAsync(kafka.Client);
        workspace.WritePipeline();
        workspace.AskIds(0, 500);
        workspace.Ask(poison);
        workspace.AskIds(500, 500);
        (await workspace.RunAsync()).Expect(0);

        workspace.ExpectEachIdOnce(1000);
        var dead = workspace.ReadDead();
        Assert.Equal(poison.Length, dead.Count);
        Assert.All(poison, value => Assert.Single(dead, message => Same(value, message.Message.Value)));
        Assert.All(dead, message =>
        {
            Assert.NotEmpty(KafkaWorkspace.Header(message, "flexgen.reason")!);
            Assert.NotEmpty(KafkaWorkspace.Header(message, "flexgen.error")!);
            Assert.Equal(workspace.Requests, KafkaWorkspace.Header(message, "flexgen.origin.topic"));
        });
        // Each names the place it came from.
        var origins = dead.Select(m => (KafkaWorkspace.Header(m, "flexgen.origin.partition"), KafkaWorkspace.Header(m, "flexgen.origin.offset"))).ToList();
        Assert.Equal(poison.Length, origins.Distinct().Count());
    }

    private static bool Same(byte[]? expected, byte[]? found) => expected is null ? found is null : found is not null && expected.AsSpan().SequenceEqual(found);
}
