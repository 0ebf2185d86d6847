using FlexGen.Testing.Kafka;

namespace FlexGen.Worker.Tests.Kafka;

[Collection(KafkaCollection.Name)]
[Trait("Category", "Long")]
public class OutageTests(KafkaFixture kafka)
{
    private const int Records = 4000;

    [Fact]
    public async Task Given_no_broker_when_run_then_the_error_comes_after_the_stated_time_and_names_it()
    {
        using var workspace = await KafkaWorkspace.CreateAsync(kafka.Client);
        const string Nowhere = "{ kafka: { bootstrapServers: \"127.0.0.1:1\", topics: [x], groupId: x, connectTimeout: \"00:00:03\" } }";
        workspace.WritePipeline(source: Nowhere);
        var result = (await workspace.RunAsync()).Expect(1);
        var error = ErrorLine(result);
        Assert.Contains("127.0.0.1:1", error, StringComparison.Ordinal);
        Assert.Contains("3 s", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("source.kafka.topics.0=no-such-topic")]
    [InlineData("sink.kafka.topic=no-such-topic")]
    [InlineData("deadLetter.kafka.topic=no-such-topic")]
    public async Task Given_a_missing_topic_when_run_then_the_error_names_it_and_the_key(string setting)
    {
        using var workspace = await KafkaWorkspace.CreateAsync(kafka.Client);
        workspace.WritePipeline();
        var error = ErrorLine((await workspace.RunAsync("--set", setting)).Expect(1));
        Assert.Contains("no-such-topic", error, StringComparison.Ordinal);
        Assert.Contains(setting[..setting.IndexOf('.', StringComparison.Ordinal)], error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Given_a_broker_that_goes_away_and_comes_back_when_running_then_nothing_is_lost_or_doubled()
    {
        Assert.SkipWhen(KafkaScript.Unavailable is not null, KafkaScript.Unavailable ?? "");
        await using var cluster = await KafkaCluster.StartAsync();
        using var workspace = await KafkaWorkspace.CreateAsync(cluster.Client);
        workspace.WritePipeline(source: workspace.KafkaSource("start: earliest"));
        workspace.AskIds(0, Records / 2);
        using var worker = workspace.Start();
        await UntilAsync(() => workspace.ResultIds().Count > 0, worker);

        await cluster.KillAsync(1);
        await Task.Delay(TimeSpan.FromSeconds(5));
        Assert.False(worker.HasExited);
        await cluster.StartNodesAsync();

        workspace.AskIds(Records / 2, Records / 2);
        await UntilAsync(() => workspace.ResultIds().Count >= Records, worker);
        worker.Terminate();
        var log = (await worker.WaitAsync()).Expect(0).Error.Split('\n');
        workspace.ExpectEachIdOnce(Records);
        // Refused connections are one line an end and minute, however often the clients tried, and each end says when it is over.
        foreach (var end in new[] { "source.kafka", "sink.kafka" })
        {
            Assert.Single(log, line => line.Contains(end, StringComparison.Ordinal) && line.Contains("Connection refused", StringComparison.Ordinal)
                && !line.Contains("like it since", StringComparison.Ordinal));
            Assert.Contains(log, line => line.EndsWith($"{end}: the brokers answer again", StringComparison.Ordinal));
        }
    }

    /// <summary>The one line that says what is wrong.</summary>
    internal static string ErrorLine(ProcessResult result)
    {
        Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
        return Assert.Single(result.Error.Split('\n'), line => line.StartsWith("error:", StringComparison.Ordinal));
    }

    // The guard is for a hang; it says what the worker was doing.
    internal static async Task UntilAsync(Func<bool> condition, FlexGenProcess worker)
    {
        using var guard = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        while (!condition())
        {
            if (worker.HasExited || guard.IsCancellationRequested)
            {
                worker.Kill();
                Assert.Fail((await worker.WaitAsync()).Error);
            }

            await Task.Delay(200);
        }
    }
}
