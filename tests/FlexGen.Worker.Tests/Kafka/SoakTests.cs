using FlexGen.Testing.Kafka;
using FlexGen.Testing.Soak;

namespace FlexGen.Worker.Tests.Kafka;

[Collection(KafkaCollection.Name)]
[Trait("Category", "Long")]
public class SoakTests(ITestOutputHelper output)
{
    /// <summary>The short form; <c>tests/FlexGen.Benchmarks -- soak</c> is the long one, and replays a seed.</summary>
    [Fact]
    public async Task Given_workers_and_brokers_that_are_killed_stopped_and_suspended_when_run_then_each_request_is_answered_once_in_order()
    {
        Assert.SkipWhen(KafkaScript.Unavailable is not null, KafkaScript.Unavailable ?? "");
        var options = new SoakOptions(Environment.TickCount & 0xffffff, Requests: 20_000, TimeSpan.FromSeconds(60), Faults: 10);
        var report = await new SoakRun(options, output.WriteLine).RunAsync();
        output.WriteLine(report.ToString());
        Assert.True(report.Passed, report.ToString());
    }

    [Fact]
    public async Task Given_brokers_without_transactions_when_workers_are_killed_and_the_broker_restarts_then_no_answer_is_lost()
    {
        Assert.SkipWhen(KafkaScript.Unavailable is not null, KafkaScript.Unavailable ?? "");
        var options = new SoakOptions(Environment.TickCount & 0xffffff, Requests: 10_000, TimeSpan.FromSeconds(8), Faults: 3)
        {
            Nodes = 1,
            Kinds = [FaultKind.KillWorker, FaultKind.KillNode, FaultKind.KillWorker],
            Guarantee = "atLeastOnce",
        };
        var report = await new SoakRun(options, output.WriteLine).RunAsync();
        output.WriteLine(report.ToString());
        Assert.True(report.Passed, report.ToString());
    }
}
