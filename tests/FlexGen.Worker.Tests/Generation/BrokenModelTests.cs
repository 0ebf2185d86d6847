using System.Buffers.Binary;
using System.Text.Json;
using FlexGen.Worker.Tests.Support;

namespace FlexGen.Worker.Tests.Generation;

/// <summary>A model that makes NaN of one position, so that only prompts that reach it fail.</summary>
public sealed class BrokenModelTests : IDisposable
{
    private const string Why = "Its logits are not numbers, computed in Float32.";
    private const int BrokenPosition = 9;

    /// <summary>Rows before the first position's in OPT's table.</summary>
    private const int PositionOffset = 2;

    private readonly Workspace workspace = new();
    private readonly ModelWorkspace models = new();
    private readonly string model;

    public BrokenModelTests()
    {
        model = models.Copy(ModelWorkspace.DemoModel);
        var path = Path.Combine(model, "model.safetensors");
        var file = File.ReadAllBytes(path);
        var header = (int)BinaryPrimitives.ReadInt64LittleEndian(file);
        var table = JsonElement.Parse(file.AsSpan(8, header)).GetProperty("model.decoder.embed_positions.weight");
        var row = table.GetProperty("shape")[1].GetInt32() * 2;
        var start = 8 + header + table.GetProperty("data_offsets")[0].GetInt32() + ((BrokenPosition + PositionOffset) * row);
        BinaryPrimitives.WriteHalfLittleEndian(file.AsSpan(start), Half.NaN);
        File.WriteAllBytes(path, file);
    }

    public void Dispose()
    {
        workspace.Dispose();
        models.Dispose();
    }

    [Theory]
    [InlineData("0")]
    [InlineData("0.8")]
    public async Task Given_logits_that_are_not_numbers_when_run_then_their_records_are_dead_letters_and_the_others_go_on(string temperature)
    {
        workspace.WriteDataset(200);
        workspace.WritePipeline($"{{ path: \"{model}\" }}");
        var result = (await workspace.RunAsync(
            "run", Workspace.File, "--device", "cpu", "--set", "generation.maxNewTokens=1", "--set", $"generation.temperature={temperature}", "--json")).Expect(0);
        var report = JsonElement.Parse(result.Output);
        // Texts of three digits are as long as the broken position; three records have no text.
        Assert.Equal((98, 99), (report.GetProperty("records").GetInt32(), report.GetProperty("errors_logits_not_finite").GetInt32()));
        var errors = workspace.At("out/errors/*.parquet");
        Assert.Equal(99, Workspace.Query<int>($"SELECT count(*) FROM read_parquet('{errors}') WHERE id >= 100 AND error LIKE '{Why}%'"));
    }

    [Fact]
    public async Task Given_logits_that_are_not_numbers_when_generated_then_their_line_has_one_error()
    {
        models.WriteJson("in.jsonl", new { id = 1, prompt_token_ids = Enumerable.Repeat(5, BrokenPosition) }, new { id = 2, prompt_token_ids = Enumerable.Repeat(5, BrokenPosition + 1) });
        var result = (await models.RunAsync("generate", "--model", model, "--input", "in.jsonl", "--output", "out.jsonl", "--device", "cpu", "--max-new-tokens", "1")).Expect(1);
        var lines = models.Read("out.jsonl");
        Assert.Equal(1, lines[0].GetProperty("token_ids").GetArrayLength());
        Assert.StartsWith($"line 2: {Why}", lines[1].GetProperty("error").GetString(), StringComparison.Ordinal);
        Assert.Single(result.Error.Split('\n'), line => line.StartsWith("error: ", StringComparison.Ordinal));
    }
}
