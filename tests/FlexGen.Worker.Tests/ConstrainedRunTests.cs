using System.Text.Json;
using FlexGen.Worker.Tests.Support;

namespace FlexGen.Worker.Tests;

/// <summary>Pipelines whose outputs are held to a schema, as users run them.</summary>
public sealed class ConstrainedRunTests : IDisposable
{
    private const string Schema = """
        {
          "type": "object", "additionalProperties": false, "required": ["count", "day", "tags"],
          "properties": {
            "count": { "type": "integer", "minimum": 1, "maximum": 500 }, "day": { "type": "string", "format": "date" }, "note": { "type": ["string", "null"], "maxLength": 5, "pattern": "(?<!x)$" },
            "tags": { "type": "array", "items": { "type": "string", "maxLength": 3 }, "maxItems": 2, "uniqueItems": true }
          }
        }
        """;

    private readonly Workspace workspace = new();

    public ConstrainedRunTests()
    {
        workspace.WriteDataset(60);
        File.WriteAllText(workspace.At("schema.json"), Schema);
        workspace.WritePipeline($"{{ path: \"{Workspace.DemoModel}\" }}", "output: { schema: schema.json, columns: true }");
    }

    public void Dispose() => workspace.Dispose();

    [Fact]
    public async Task Given_a_schema_with_columns_when_run_then_each_record_is_typed_or_its_dead_letter_says_why()
    {
        var report = await RunAsync("generation.maxNewTokens=60", "generation.temperature=1.5");
        // Of what is checked afterwards a hot model may do anything.
        var others = report.TryGetProperty("errors_schema_violation", out var violations) ? violations.GetInt32() : 0;
        Assert.Equal((59 - others, 1 + others), (report.GetProperty("records").GetInt32(), report.GetProperty("errors").GetInt32()));
        Assert.Equal(59 - others, Workspace.Query<int>($"""
            SELECT count(*) FROM '{workspace.At("out/main/*.parquet")}'
            WHERE count BETWEEN 1 AND 500 AND typeof(count) = 'BIGINT' AND typeof(day) = 'DATE' AND typeof(tags) = 'VARCHAR[]' AND len(tags) <= 2 AND len(list_distinct(tags)) = len(tags)
              AND count = (output::JSON->>'$.count')::DOUBLE AND (day = try_cast(output::JSON->>'$.day' AS DATE) OR output LIKE '%"0000-%') AND note IS NOT DISTINCT FROM (output::JSON->>'$.note')
            """));
    }

    [Fact]
    public async Task Given_too_few_tokens_when_run_then_outputs_are_incomplete_and_validate_says_what_is_enforced()
    {
        var refused = (await workspace.RunAsync("validate", Workspace.File, "--device", "cpu", "--set", "generation.maxNewTokens=29")).Expect(2);
        Assert.Contains(
            "error: generation.maxNewTokens is 29, and the shortest output that is allowed takes 30 tokens: raise it, ask for less, or write output.closeInTime: false",
            refused.Error, StringComparison.Ordinal);
        var report = await RunAsync("generation.maxNewTokens=6", "output.closeInTime=false");
        Assert.Equal((0, 59), (report.GetProperty("records").GetInt32(), report.GetProperty("errors_output_incomplete").GetInt32()));
        Assert.Equal(59, Workspace.Query<int>($"""
            SELECT count(*) FROM '{workspace.At("out/errors/*.parquet")}'
            WHERE length(output) > 0 AND error = 'the output is not whole after 6 tokens, which are all that generation.maxNewTokens allows: raise it, or ask for less.'
            """));
        var validated = JsonElement.Parse((await workspace.RunAsync(
            "validate", Workspace.File, "--device", "cpu", "--json", "--set", "generation.maxNewTokens=30")).Expect(0).Output);
        Assert.Equal(["#/properties/note/pattern"], validated.GetProperty("checked_afterwards").Deserialize<string[]>()!);
        Assert.Contains("#/properties/tags/uniqueItems", validated.GetProperty("enforced_while_decoding").Deserialize<string[]>()!);
        Assert.Contains("#/properties/day/format", validated.GetProperty("enforced_while_decoding").Deserialize<string[]>()!);
    }

    private async Task<JsonElement> RunAsync(params string[] settings) => JsonElement.Parse((await workspace.RunAsync(
        ["run", Workspace.File, "--device", "cpu", "--json", .. settings.SelectMany(setting => new[] { "--set", setting })])).Expect(0).Output);
}
