using Confluent.Kafka;
using FlexGen.Testing.Kafka;

namespace FlexGen.Worker.Tests.Kafka;

/// <summary>Logs whose beginning the brokers delete, and partitions that come later.</summary>
[Collection(KafkaCollection.Name)]
[Trait("Category", "Long")]
public class GapTests(KafkaFixture kafka)
{
    [Fact]
    public async Task Given_messages_that_were_deleted_before_they_were_read_when_run_then_it_says_how_many_or_fails_where_that_is_an_error()
    {
        using var workspace = await KafkaWorkspace.CreateAsync(kafka.Client, partitions: 1);
        workspace.WritePipeline();
        workspace.AskIds(0, 50);
        (await workspace.RunAsync()).Expect(0);
        workspace.AskIds(50, 50);
        await Topics.DeleteBeforeAsync(kafka.Client, workspace.Requests, 0, 80);

        workspace.Properties.Add("auto.offset.reset", "error");
        workspace.WritePipeline();
        var error = OutageTests.ErrorLine((await workspace.RunAsync()).Expect(1));
        Assert.Contains($"{workspace.Requests}[0] is read up to offset 50, but the brokers have deleted what is before 80: 30 offsets", error, StringComparison.Ordinal);

        workspace.Properties.Clear();
        workspace.WritePipeline();
        var result = (await workspace.RunAsync("--json")).Expect(0);
        Assert.Contains($"{workspace.Requests}[0]: the brokers deleted 30 offsets before they were read", result.Error, StringComparison.Ordinal);
        Assert.Contains("\"deleted_unread\":30", result.Output, StringComparison.Ordinal);
        Assert.Equal([.. Enumerable.Range(0, 50), .. Enumerable.Range(80, 20)], workspace.ResultIds().Order());
    }

    [Fact]
    public async Task Given_messages_that_are_deleted_while_the_reading_stands_still_when_running_then_it_says_how_many_and_goes_on()
    {
        using var workspace = await KafkaWorkspace.CreateAsync(kafka.Client, partitions: 1);
        workspace.WritePipeline(
            source: workspace.KafkaSource(), sink: workspace.KafkaSink(workspace.Results, ", maxUncommitted: 64"), model: "{ echo: true, echoMaxDelay: \"00:00:01\" }");
        // More than the blocks before the generator take. What was fetched ahead is thrown away while the reading stands still.
        workspace.AskIds(0, 2000);
        using var worker = workspace.Start();
        await OutageTests.UntilAsync(() => workspace.ResultIds().Count > 0, worker);
        await Topics.DeleteBeforeAsync(kafka.Client, workspace.Requests, 0, 1990);
        var result = (await worker.WaitAsync()).Expect(0);
        var ids = workspace.ResultIds();
        Assert.Equal([.. Enumerable.Range(0, ids.Count - 10), .. Enumerable.Range(1990, 10)], ids);
        Assert.Contains($"{workspace.Requests}[0]: the brokers deleted {2000 - ids.Count} offsets before they were read", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Given_a_time_to_start_at_when_partitions_and_topics_are_added_after_the_group_began_then_they_are_read_from_their_beginning()
    {
        using var workspace = await KafkaWorkspace.CreateAsync(kafka.Client, partitions: 1);
        var pattern = $"^{workspace.Requests}";
        var now = DateTime.UtcNow;
        var old = now.AddHours(-2);
        workspace.WritePipeline(source: workspace.KafkaSource($"untilEnd: true, start: \"{now.AddHours(-1):O}\"").Replace($"topics: [{workspace.Requests}]", $"topics: [\"{pattern}\"]", StringComparison.Ordinal));
        workspace.AskIds(0, 10, old);
        (await workspace.RunAsync()).Expect(0);
        Assert.Empty(workspace.ResultIds());

        await Topics.AddAsync(kafka.Client, workspace.Requests, partitions: 3, $"{workspace.Requests}-later");
        foreach (var (topic, partition) in new[] { (workspace.Requests, 1), (workspace.Requests, 2), ($"{workspace.Requests}-later", 0) })
        {
            Topics.Write(kafka.Client, new TopicPartition(topic, partition), [new() { Value = KafkaWorkspace.Request(partition), Timestamp = new Timestamp(old) }]);
        }

        (await workspace.RunAsync()).Expect(0);
        workspace.ExpectEachIdOnce(3);
    }
}
