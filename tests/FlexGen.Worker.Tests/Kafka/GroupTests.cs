using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace FlexGen.Worker.Tests.Kafka;

/// <summary>A run up to the end where others are in the group, or were.</summary>
[Collection(KafkaCollection.Name)]
[Trait("Category", "Long")]
public class GroupTests(KafkaFixture kafka)
{
    private const int Records = 200;
    private const string Slow = "{ echo: true, echoMaxDelay: \"00:10:00\" }";

    [Fact]
    public async Task Given_partitions_of_a_member_that_dies_when_run_until_the_end_by_one_without_any_then_it_waits_and_does_them()
    {
        using var workspace = await KafkaWorkspace.CreateAsync(kafka.Client, partitions: 1);
        workspace.Properties.Add("session.timeout.ms", "6000");
        workspace.AskIds(0, Records);
        workspace.WritePipeline(source: workspace.KafkaSource("start: earliest"), model: Slow);
        using var first = workspace.Start();
        await OutageTests.UntilAsync(() => Assigned(workspace) == 1, first);

        workspace.WritePipeline();
        using var second = workspace.Start();
        await OutageTests.UntilAsync(() => Members(workspace).Count == 2, second);
        first.Kill();
        (await second.WaitAsync()).Expect(0);
        workspace.ExpectEachIdOnce(Records);
    }

    [Theory]
    [InlineData("{ kafka: ")]
    [InlineData("{ parquet: ")]
    public async Task Given_a_group_that_cannot_be_joined_or_whose_partition_another_keeps_when_run_until_the_end_then_it_fails_after_the_stated_time_and_says_why(string sink)
    {
        using var workspace = await KafkaWorkspace.CreateAsync(kafka.Client, partitions: 1);
        workspace.AskIds(0, Records);
        workspace.WritePipeline(source: workspace.KafkaSource("start: earliest"), model: Slow);
        using var first = workspace.Start();
        await OutageTests.UntilAsync(() => Assigned(workspace) == 1, first);
        var isParquet = sink.Contains("parquet", StringComparison.Ordinal);
        if (isParquet)
        {
            workspace.WritePipeline(
                source: workspace.KafkaSource("untilEnd: true, joinTimeout: \"00:00:04\", columns: [id, text]"),
                sink: "{ parquet: { path: out/main } }", deadLetter: "{ parquet: { path: out/errors } }");
        }
        else
        {
            // It keeps its place, and the group is not shared out anew before its session has timed out.
            first.Suspend();
            workspace.WritePipeline(source: workspace.KafkaSource("untilEnd: true, joinTimeout: \"00:00:04\""));
        }

        var error = OutageTests.ErrorLine((await workspace.RunAsync()).Expect(1));
        Assert.Contains(isParquet ? $"{workspace.Requests}[0]" : "could not join the group", error, StringComparison.Ordinal);
        Assert.Contains(workspace.Requests, error, StringComparison.Ordinal);
        Assert.Contains("4 s", error, StringComparison.Ordinal);
        Assert.Empty(workspace.ResultIds());
    }

    [Fact]
    public async Task Given_a_log_that_ends_with_what_is_no_message_when_run_until_the_end_then_the_group_is_at_the_end()
    {
        using var workspace = await KafkaWorkspace.CreateAsync(kafka.Client, partitions: 2);
        workspace.WritePipeline();
        using var producer = new ProducerBuilder<byte[]?, byte[]?>(new ProducerConfig(new ClientConfig(kafka.Client.ToDictionary())) { TransactionalId = workspace.Requests }).Build();
        producer.InitTransactions(TimeSpan.FromSeconds(30));
        foreach (var (ids, isKept) in new[] { (Enumerable.Range(0, 10), true), (Enumerable.Range(10, 10), false) })
        {
            producer.BeginTransaction();
            foreach (var id in ids)
            {
                producer.Produce(new TopicPartition(workspace.Requests, 0), new Message<byte[]?, byte[]?> { Value = KafkaWorkspace.Request(id) });
            }

            producer.Flush(TimeSpan.FromSeconds(30));
            if (isKept)
            {
                producer.CommitTransaction();
            }
            else
            {
                producer.AbortTransaction();
            }
        }

        (await workspace.RunAsync()).Expect(0);
        workspace.ExpectEachIdOnce(10);
        // Ten messages, a mark, ten that were given up, a mark.
        Assert.Equal([22, 0], workspace.Committed());
    }

    private List<MemberDescription> Members(KafkaWorkspace workspace)
    {
        using var admin = new AdminClientBuilder(kafka.Client).Build();
        return admin.DescribeConsumerGroupsAsync([workspace.Requests]).GetAwaiter().GetResult().ConsumerGroupDescriptions[0].Members;
    }

    private int Assigned(KafkaWorkspace workspace) => Members(workspace).Sum(member => member.Assignment.TopicPartitions.Count);
}
