using System.Text;
using Confluent.Kafka;
using FlexGen.Testing.Kafka;
using FlexGen.Worker.Tests.Support;

namespace FlexGen.Worker.Tests.Kafka;

/// <summary>What becomes of a message: in results, in the dead letter, in part files.</summary>
[Collection(KafkaCollection.Name)]
[Trait("Category", "Long")]
public class MessageTests(KafkaFixture kafka)
{
    [Theory]
    [InlineData("exactlyOnce")]
    [InlineData("atLeastOnce")]
    public async Task Given_keys_and_headers_when_run_then_results_carry_them_and_keep_the_order_of_keys(string guarantee)
    {
        using var workspace = await KafkaWorkspace.CreateAsync(kafka.Client);
        workspace.WritePipeline(sink: workspace.KafkaSink(workspace.Results, $", guarantee: {guarantee}"));
        Topics.Write(kafka.Client, workspace.Requests, Enumerable.Range(0, 1000).Select(id => new Message<byte[]?, byte[]?>
        {
            Key = Encoding.UTF8.GetBytes($"key {id % 7}"),
            Value = KafkaWorkspace.Request(id),
            Headers = [new Header("trace", Encoding.UTF8.GetBytes($"{id}")), new Header("nothing", null)],
        }));
        (await workspace.RunAsync()).Expect(0);

        workspace.ExpectEachIdOnce(1000);
        var results = Topics.Read(kafka.Client, workspace.Results);
        Assert.All(results, result =>
        {
            var id = KafkaWorkspace.Field(result, "id").GetInt32();
            Assert.Equal($"key {id % 7}", Encoding.UTF8.GetString(result.Message.Key!));
            Assert.Equal($"{id}", KafkaWorkspace.Header(result, "trace"));
            Assert.Null(result.Message.Headers[1].GetValueBytes());
            Assert.Equal($"text {id}", KafkaWorkspace.Field(result, "output").GetString());
        });
        var ofKeys = results.Select(result => KafkaWorkspace.Field(result, "id").GetInt32()).GroupBy(id => id % 7);
        Assert.All(ofKeys, ids => Assert.Equal(ids.Order(), ids));
    }

    [Fact]
    public async Task Given_plain_texts_when_run_then_each_is_the_column_value()
    {
        using var workspace = await KafkaWorkspace.CreateAsync(kafka.Client);
        workspace.WritePipeline(source: workspace.KafkaSource("untilEnd: true, format: text"));
        await File.WriteAllTextAsync(workspace.At(KafkaWorkspace.File), (await File.ReadAllTextAsync(workspace.At(KafkaWorkspace.File))).Replace("{{ text }}", "<{{ value }}>", StringComparison.Ordinal));
        workspace.Ask(["a \"b\" é"u8.ToArray()]);
        (await workspace.RunAsync()).Expect(0);
        var result = Assert.Single(Topics.Read(kafka.Client, workspace.Results));
        Assert.Equal("a \"b\" é", KafkaWorkspace.Field(result, "value").GetString());
        Assert.Equal("<a \"b\" é>", KafkaWorkspace.Field(result, "output").GetString());
    }

    [Fact]
    public async Task Given_a_result_that_the_brokers_refuse_when_run_then_its_request_and_output_are_in_the_dead_letter_and_the_others_are_answered()
    {
        using var workspace = await KafkaWorkspace.CreateAsync(kafka.Client);
        await Topics.LimitAsync(kafka.Client, 1500, workspace.Results);
        // One at a time, since the limit is a batch's.
        workspace.Properties.Add("batch.num.messages", "1");
        workspace.WritePipeline();
        workspace.AskIds(0, 20);
        string text = new('x', 1000);
        workspace.Ask([Encoding.UTF8.GetBytes($"{{\"id\": 20, \"text\": \"{text}\"}}")]);
        (await workspace.RunAsync()).Expect(0);

        workspace.ExpectEachIdOnce(20);
        var dead = Assert.Single(workspace.ReadDead());
        Assert.Equal("result_refused", KafkaWorkspace.Header(dead, "flexgen.reason"));
        Assert.Equal(text, KafkaWorkspace.Header(dead, "flexgen.output"));
        Assert.Equal(20, KafkaWorkspace.Field(dead, "id").GetInt32());
    }

    [Fact]
    public async Task Given_a_Parquet_sink_when_running_then_files_are_finished_by_rows_and_by_age_and_carry_the_keys()
    {
        using var workspace = await KafkaWorkspace.CreateAsync(kafka.Client);
        workspace.WritePipeline(
            source: workspace.KafkaSource("start: earliest, columns: [id, text]"),
            sink: "{ parquet: { path: out/main, maxRows: 100, maxAge: \"00:00:02\" } }", deadLetter: "{ parquet: { path: out/errors } }");
        workspace.AskIds(0, 350);
        using var worker = workspace.Start();
        var files = workspace.At("out/main/*.parquet");
        // By rows 300 at once, and the other 50 by age though nothing more comes.
        await OutageTests.UntilAsync(
            () => Directory.Exists(workspace.At("out/main")) && Directory.GetFiles(workspace.At("out/main"), "*.parquet").Length > 3
                && Workspace.Query<int>($"SELECT count(*) FROM read_parquet('{files}')") == 350, worker);
        worker.Terminate();
        (await worker.WaitAsync()).Expect(0);
        Assert.Equal(100, Workspace.Query<int>($"SELECT max(n) FROM (SELECT count(*) AS n FROM read_parquet('{files}', filename = true) GROUP BY filename)"));
        Assert.Equal(350, Workspace.Query<int>($"SELECT count(DISTINCT id::INTEGER) FROM read_parquet('{files}') WHERE message_key::VARCHAR = id"));
    }
}
