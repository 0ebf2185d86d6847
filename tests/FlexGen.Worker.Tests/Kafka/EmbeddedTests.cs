using System.Text.RegularExpressions;

namespace FlexGen.Worker.Tests.Kafka;

/// <summary>The demonstration that needs no broker.</summary>
[Trait("Category", "Long")]
public sealed class EmbeddedTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("flexgen-").FullName;

    [Fact]
    public async Task Given_no_broker_when_the_demonstration_runs_then_it_says_what_it_is_answers_all_and_shows_results()
    {
        // The demo's own file, with an echo in the model's place.
        var pipeline = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "pipelines/extract-kafka-demo.yaml"));
        await File.WriteAllTextAsync(Path.Combine(folder, "demo.yaml"), Without("output", pipeline).Replace("path: pipelines/demo/model", "echo: true", StringComparison.Ordinal));
        Directory.CreateSymbolicLink(Path.Combine(folder, "pipelines"), Path.Combine(Repository.Root, "pipelines"));
        var result = (await FlexGenProcess.RunAsync(folder, "run", "demo.yaml", "--json")).Expect(0);
        Assert.Contains("\"records\":1997,\"errors\":3", result.Output, StringComparison.Ordinal);
        Assert.Contains("DEMONSTRATION", result.Error, StringComparison.Ordinal);
        Assert.Matches("in results: \\{.*\"output\":\"Text: .*\\}", result.Error);
    }

    [Fact]
    public async Task Given_one_end_that_is_embedded_and_others_that_are_not_when_run_then_the_error_says_so()
    {
        var pipeline = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "pipelines/extract-kafka-demo.yaml"));
        await File.WriteAllTextAsync(Path.Combine(folder, "demo.yaml"), pipeline.Replace("embedded, topic: results", "\"b1:9092\", topic: results", StringComparison.Ordinal));
        var result = (await FlexGenProcess.RunAsync(Repository.Root, "run", Path.Combine(folder, "demo.yaml"))).Expect(2);
        Assert.Contains("embedded is a demonstration", OutageTests.ErrorLine(result), StringComparison.Ordinal);
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private static string Without(string key, string yaml) => Regex.Replace(yaml, $"^{key}:.*\n", "", RegexOptions.Multiline);
}
