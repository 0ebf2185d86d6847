using System.Text.Json;
using FlexGen.Dataflow;
using FlexGen.Worker.JsonLines;
using FlexGen.Worker.Tests.Support;

namespace FlexGen.Worker.Tests.JsonLines;

public sealed class JsonLinesJobTests : IDisposable
{
    private readonly ModelWorkspace workspace = new();
    private readonly List<string> errors = [];

    public void Dispose() => workspace.Dispose();

    [Theory]
    [InlineData("""{"id": "\ud800", "text": "a"}""")]
    [InlineData("""{"id": 2, "\udc00": {}}""")]
    [InlineData("""{"id": 2, "text": "\udc00"}""")]
    public async Task Given_half_a_character_anywhere_in_a_line_when_mapped_then_it_is_one_error_line(string bad)
    {
        await RunAsync(bad, line => Completed(line, line.Text("text")));
        Assert.StartsWith("line 2: ", Error(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Given_an_exception_of_one_line_when_mapped_then_it_is_one_error_line()
    {
        await RunAsync("""{"id": 2, "text": "bad"}""", line => line.Text("text") == "bad" ? throw new FormatException("why") : Completed(line, "a"));
        Assert.Equal("line 2: unexpected FormatException when reading it: why", Error());
        await RunAsync(
            """{"id": 2, "text": "bad"}""",
            async line => line.Text("text") == "bad" ? throw new RecordException("r", "why") : await Completed(line, "a"));
        Assert.Equal("line 2: why", Error());
    }

    [Fact]
    public async Task Given_an_exception_while_a_result_is_written_when_mapped_then_nothing_of_it_is_left()
    {
        await RunAsync("""{"id": 2, "text": "bad"}""", line => Task.FromResult<Action<Utf8JsonWriter>>(json =>
        {
            json.WriteStartArray("text");
            json.WriteNumberValue(line.Text("text") == "bad" ? throw new FormatException("why") : 1);
            json.WriteEndArray();
        }));
        Assert.Equal("line 2: unexpected FormatException when writing its result: why", Error());
    }

    [Fact]
    public async Task Given_a_failure_of_the_generator_when_mapped_then_it_ends_the_job() => await Assert.ThrowsAsync<FormatException>(
        () => RunAsync("""{"id": 2, "text": "a"}""", line => Task.FromException<Action<Utf8JsonWriter>>(new FormatException("the GPU is gone"))));

    private static Task<Action<Utf8JsonWriter>> Completed(InputLine line, string text) =>
        Task.FromResult<Action<Utf8JsonWriter>>(json => json.WriteString("text", text + line.Text("text")));

    private async Task RunAsync(string bad, Func<InputLine, Task<Action<Utf8JsonWriter>>> map)
    {
        errors.Clear();
        workspace.Write("in.jsonl", """{"id": 1, "text": "a"}""", bad, """{"id": 3, "text": "b"}""");
        var job = new JsonLinesJob(workspace.At("in.jsonl"), workspace.At("out.jsonl"), 2);
        await job.RunAsync(map, (_, error) =>
        {
            errors.Add(error);
            return Task.CompletedTask;
        });
        Assert.Equal((2, 1), (job.Records, job.Errors));
    }

    // The second line's, between the others as they should be.
    private string? Error()
    {
        Assert.Single(errors);
        var lines = workspace.Read("out.jsonl");
        Assert.Equal([1, 3], new[] { lines[0], lines[2] }.Select(line => line.GetProperty("id").GetInt32()));
        Assert.Equal(3, lines.Count);
        return lines[1].GetProperty("error").GetString();
    }
}
