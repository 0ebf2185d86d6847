using System.Text.Json;
using FlexGen.Worker.Tests.Support;

namespace FlexGen.Worker.Tests;

[Trait("Category", "Long")]
public sealed class BatchKillTests(ITestOutputHelper output) : IDisposable
{
    private const int Requests = 200;
    private const int Kills = 4;
    private readonly ModelWorkspace workspace = new();

    public void Dispose() => workspace.Dispose();

    [Fact]
    public async Task Given_kills_at_random_moments_when_started_again_each_time_then_each_request_is_answered_once()
    {
        var seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        workspace.Write("requests.jsonl", Enumerable.Range(0, Requests).Select(n => n % 50 == 7 ? "broken" : JsonSerializer.Serialize(new
        {
            custom_id = $"{n}",
            method = "POST",
            url = "/v1/completions",
            body = new { prompt = $"Text: Order for Ada Lovelace from Turin over {n}.50 EUR.\nJSON:", max_tokens = 40 },
        })));
        var useful = 0;
        for (var kill = 0; kill < Kills; kill++)
        {
            var before = Length();
            using var process = FlexGenProcess.Start(workspace.At("."), Arguments);
            // While answers are written, or soon after.
            while (!process.HasExited && Length() <= before)
            {
                await Task.Delay(2);
            }

            await Task.Delay(random.Next(150));
            if (!process.HasExited)
            {
                process.Kill();
                useful++;
            }

            await process.WaitAsync();
        }

        output.WriteLine($"{useful} of {Kills} kills came before the end");
        (await workspace.RunAsync(Arguments)).Expect(1);
        Assert.Equal(
            Enumerable.Range(0, Requests).Where(n => n % 50 != 7), workspace.Read("results.jsonl").Select(line => int.Parse(line.GetProperty("custom_id").GetString()!, null)).Order());
        Assert.Equal(
            Enumerable.Range(0, Requests).Where(n => n % 50 == 7).Select(n => $"batch_req_{n + 1}").Order(), workspace.Read("errors.jsonl").Select(line => line.GetProperty("id").GetString()!).Order());
        Assert.True(useful > 0, "every kill came after the end");
    }

    private static string[] Arguments =>
    [
        "batch", "--model", ModelWorkspace.DemoModel, "--input", "requests.jsonl", "--output", "results.jsonl", "--errors", "errors.jsonl", "--gpu-batch-size", "8",
    ];

    private long Length() => File.Exists(workspace.At("results.jsonl")) ? new FileInfo(workspace.At("results.jsonl")).Length : 0;
}
