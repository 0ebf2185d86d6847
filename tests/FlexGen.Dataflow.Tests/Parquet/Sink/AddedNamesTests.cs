using System.Text;
using System.Text.Json;
using FlexGen.Dataflow.Kafka.Sink;
using FlexGen.Dataflow.Records;
using FlexGen.Dataflow.Tests.Support;
using Record = FlexGen.Dataflow.Records.Record;

namespace FlexGen.Dataflow.Tests.Parquet.Sink;

/// <summary>Other names for what the pipeline adds.</summary>
public sealed class AddedNamesTests : IDisposable
{
    private readonly Workplace place = new();

    public void Dispose() => place.Dispose();

    [Fact]
    public async Task Columns_of_output_and_dead_letter_are_renamed_and_the_sources_pass_through()
    {
        place.WriteSource("SELECT i AS id, CASE WHEN i = 1 THEN NULL ELSE 'text' END AS text, 'mine' AS output, 'mine' AS origin FROM range(2) t(i)");
        var options = place.Options();
        options.Sink.Parquet!.Names = new Dictionary<string, string> { ["output"] = "completion" };
        options.DeadLetter.Parquet!.Names = new Dictionary<string, string> { ["output"] = "completion", ["origin"] = "from file" };
        await place.RunAsync(options);
        Assert.Equal(["mine text stop"], Duck.Column($"SELECT output || ' ' || completion || ' ' || finish_reason FROM '{place.OutFiles}'"));
        Assert.Equal(
            ["mine mine a.parquet"],
            Duck.Column($"SELECT output || ' ' || origin || ' ' || \"from file\" FROM '{place.ErrorFiles}' WHERE completion IS NULL"));
        Assert.Equal(2, (await place.RunAsync(options)).RecordsAlreadyDone);
        options.Sink.Parquet.Names = new Dictionary<string, string> { ["output"] = "completion2" };
        Assert.Contains("completion2", await place.RefusalAsync(options), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("outpt", "x", "sink.parquet.names names 'outpt', which is not added; did you mean 'output'?")]
    [InlineData("error", "x", "sink.parquet.names names 'error', which is not added")]
    [InlineData("message_key", "x", "sink.parquet.names names 'message_key', which is not added")]
    [InlineData("output", "", "sink.parquet.names gives 'output' an empty name.")]
    [InlineData("output", "Finish_reason", "gives 'output' and 'finish_reason' the same name")]
    [InlineData("output", "TEXT", "'text', which is also a column that sink adds")]
    public async Task Names_that_are_unknown_or_clash_are_refused(string name, string given, string expected)
    {
        place.WriteIds(1);
        var options = place.Options();
        options.Sink.Parquet!.Names = new Dictionary<string, string> { [name] = given };
        Assert.Contains(expected, await place.RefusalAsync(options), StringComparison.Ordinal);
        var isOfTheFile = given == "TEXT";
        Assert.Equal(isOfTheFile ? 0 : 1, OptionsValidation.Errors(options).Count);
    }

    [Fact]
    public void Fields_in_kafka_are_renamed_and_dead_letters_there_have_none()
    {
        var names = new Dictionary<string, string> { ["output"] = "completion", ["finish_reason"] = "why \"so\"" };
        var json = new RecordJson(MessageSchema.Of(["output"]), isJson: true, isWhole: true, names);
        var record = new Record(new Assignment("t[0]"), 0, Rows.Empty, 0)
        {
            Message = new() { Value = Encoding.UTF8.GetBytes("""{"output": "mine"}""") },
            Completion = new Completion("made", "stop", 1, 2),
        };
        record.Encoded = json.Encode(record);
        var result = JsonElement.Parse(json.Result(record));
        Assert.Equal("mine", result.GetProperty("output").GetString());
        Assert.Equal("made", result.GetProperty("completion").GetString());
        Assert.Equal("stop", result.GetProperty("why \"so\"").GetString());
        Assert.Equal(2, result.GetProperty("completion_tokens").GetInt32());
        Assert.Equal("made", json.OutputOf(record));

        var options = place.Options();
        var unknown = new Dictionary<string, string> { ["origin"] = "x" };
        options.Sink = new SinkOptions { Kafka = new KafkaSinkOptions { BootstrapServers = "b:1", Topic = "t", Names = unknown } };
        options.DeadLetter = new SinkOptions { Kafka = new KafkaSinkOptions { BootstrapServers = "b:1", Topic = "d", Names = names } };
        Assert.Collection(
            OptionsValidation.Errors(options),
            error => Assert.StartsWith("sink.kafka.names names 'origin', which is not added", error, StringComparison.Ordinal),
            error => Assert.StartsWith("deadLetter.kafka.names has nothing to name", error, StringComparison.Ordinal));
    }
}
