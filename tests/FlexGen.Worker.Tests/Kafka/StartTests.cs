using System.Globalization;

namespace FlexGen.Worker.Tests.Kafka;

/// <summary>What a source reads: from where on, which topics, and how soon.</summary>
[Collection(KafkaCollection.Name)]
[Trait("Category", "Long")]
public class StartTests(KafkaFixture kafka)
{
    [Theory]
    [InlineData("earliest", 0)]
    [InlineData("40", 40)]
    [InlineData("latest", 100)]
    public async Task Given_a_start_when_run_then_the_group_begins_there(string start, int first)
    {
        using var workspace = await KafkaWorkspace.CreateAsync(kafka.Client, partitions: 1);
        workspace.WritePipeline(source: workspace.KafkaSource($"untilEnd: true, start: \"{start}\""));
        workspace.AskIds(0, 100);
        (await workspace.RunAsync()).Expect(0);
        Assert.Equal(Enumerable.Range(first, 100 - first), workspace.ResultIds());
        // The group has read them: another run begins after them, whatever the start.
        (await workspace.RunAsync()).Expect(0);
        Assert.Equal(100 - first, workspace.ResultIds().Count);
    }

    [Fact]
    public async Task Given_a_time_to_start_at_when_run_then_messages_before_it_are_left_out()
    {
        using var workspace = await KafkaWorkspace.CreateAsync(kafka.Client);
        workspace.AskIds(0, 50);
        await Task.Delay(50);
        var time = DateTime.UtcNow.ToString("O", CultureInfo.InvariantCulture);
        await Task.Delay(50);
        workspace.AskIds(50, 50);
        workspace.WritePipeline(source: workspace.KafkaSource($"untilEnd: true, start: \"{time}\""));
        (await workspace.RunAsync()).Expect(0);
        Assert.Equal(Enumerable.Range(50, 50), workspace.ResultIds().Order());
    }

    [Fact]
    public async Task Given_a_pattern_of_topics_when_run_then_all_that_fit_are_read()
    {
        using var workspace = await KafkaWorkspace.CreateAsync(kafka.Client);
        using var other = await KafkaWorkspace.CreateAsync(kafka.Client);
        workspace.AskIds(0, 20);
        other.AskIds(20, 20);
        workspace.WritePipeline();
        var pattern = $"^({workspace.Requests}|{other.Requests})$";
        (await workspace.RunAsync("--set", $"source.kafka.topics.0={pattern}")).Expect(0);
        workspace.ExpectEachIdOnce(40);
    }

    [Fact]
    public async Task Given_a_few_messages_and_then_none_when_running_then_they_are_answered()
    {
        using var workspace = await KafkaWorkspace.CreateAsync(kafka.Client);
        workspace.WritePipeline(source: workspace.KafkaSource("start: earliest"));
        workspace.AskIds(0, 3);
        using var worker = workspace.Start();
        await OutageTests.UntilAsync(() => workspace.ResultIds().Count == 3, worker);
        worker.Terminate();
        (await worker.WaitAsync()).Expect(0);
    }

    [Fact]
    public async Task Given_a_generator_slower_than_the_poll_interval_when_running_then_the_group_keeps_the_worker_and_each_is_answered_once()
    {
        using var workspace = await KafkaWorkspace.CreateAsync(kafka.Client, partitions: 1);
        workspace.WritePipeline(
            source: workspace.KafkaSource("start: earliest, properties: { max.poll.interval.ms: \"6000\", session.timeout.ms: \"6000\" }").Replace("properties: {  }, ", "", StringComparison.Ordinal),
            sink: workspace.KafkaSink(workspace.Results, ", maxUncommitted: 64"),
            model: "{ echo: true, echoMaxDelay: \"00:00:08\" }");
        // More than the blocks before the generator take: the reading stands still.
        workspace.AskIds(0, 2000);
        using var worker = workspace.Start();
        await OutageTests.UntilAsync(() => workspace.ResultIds().Count >= 150, worker);
        worker.Terminate();
        var result = (await worker.WaitAsync()).Expect(0);
        Assert.DoesNotContain("took this worker for dead", result.Error, StringComparison.Ordinal);
        var ids = workspace.ResultIds();
        Assert.Equal(Enumerable.Range(0, ids.Count), ids);
    }
}
