using System.Text.Json;
using System.Text.RegularExpressions;
using FlexGen.Worker.Tests.Support;

namespace FlexGen.Worker.Tests;

[Trait("Category", "Long")]
public sealed partial class BatchKillTests(ITestOutputHelper output) : IDisposable
{
    private const int Requests = 240;
    private const int Kills = 20;
    private const string Schema =
        """{"type":"object","properties":{"name":{"type":["string","null"]},"city":{"type":["string","null"]},"amount":{"type":["number","null"]}},"required":["name"],"additionalProperties":false}""";

    private readonly ModelWorkspace workspace = new();

    public void Dispose() => workspace.Dispose();

    [Fact]
    public async Task Given_kills_at_random_moments_when_started_again_each_time_then_each_request_is_answered_once_and_as_without_them()
    {
        var seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var schema = JsonElement.Parse(Schema);
        // Bad lines, drawn answers and answers of a schema among the others.
        workspace.Write("requests.jsonl", Enumerable.Range(0, Requests).Select(n => n % 50 == 7 ? "broken" : JsonSerializer.Serialize(new Dictionary<string, object>
        {
            ["custom_id"] = $"{n}",
            ["method"] = "POST",
            ["url"] = "/v1/completions",
            ["body"] = new Dictionary<string, object>
            {
                ["prompt"] = $"Text: Order for Ada Lovelace from Turin over {n}.50 EUR.\nJSON:",
                ["max_tokens"] = 40,
                ["temperature"] = n % 3 == 0 ? 0.9 : 0,
                ["seed"] = n,
                ["response_format"] = n % 4 == 1 ? new { type = "json_schema", json_schema = new { name = "person", schema } } : new { type = "text" },
            },
        })));
        (await workspace.RunAsync(Arguments("unbroken.jsonl", "unbroken-errors.jsonl"))).Expect(1);
        var useful = 0;
        // Early ones, too: before the model is loaded, and while the files of the run before are read.
        var start = 100 + random.Next(100);
        for (var kill = 0; kill < Kills; kill++)
        {
            var before = Length();
            using var process = FlexGenProcess.Start(workspace.At("."), Arguments("results.jsonl", "errors.jsonl"));
            if (kill % 4 == 3)
            {
                await Task.Delay(random.Next(start * 5));
            }
            else
            {
                // While answers are written, or soon after.
                while (!process.HasExited && Length() <= before)
                {
                    await Task.Delay(2);
                }

                await Task.Delay(random.Next(40));
            }

            if (!process.HasExited)
            {
                process.Kill();
                useful++;
            }

            await process.WaitAsync();
        }

        output.WriteLine($"{useful} of {Kills} kills came before the end");
        (await workspace.RunAsync(Arguments("results.jsonl", "errors.jsonl"))).Expect(1);
        Assert.Equal(Answers("unbroken.jsonl", "custom_id"), Answers("results.jsonl", "custom_id"));
        Assert.Equal(Answers("unbroken-errors.jsonl", "id"), Answers("errors.jsonl", "id"));
        Assert.Equal(Requests - Enumerable.Range(0, Requests).Count(n => n % 50 == 7), workspace.Read("results.jsonl").Count);
        Assert.True(useful > Kills / 2, $"{Kills - useful} kills came after the end");
    }

    private static string[] Arguments(string results, string errors) =>
    [
        "batch", "--model", ModelWorkspace.DemoModel, "--input", "requests.jsonl", "--output", results, "--errors", errors, "--gpu-batch-size", "4",
    ];

    // What each line says, but for the time; each request once.
    private List<string> Answers(string file, string key) =>
    [
        .. workspace.Read(file).OrderBy(line => line.GetProperty(key).GetString(), StringComparer.Ordinal)
            .Select(line => Created().Replace(line.GetRawText(), "")),
    ];

    [GeneratedRegex("\"created\":[0-9]+")]
    private static partial Regex Created();

    private long Length() => File.Exists(workspace.At("results.jsonl")) ? new FileInfo(workspace.At("results.jsonl")).Length : 0;
}
