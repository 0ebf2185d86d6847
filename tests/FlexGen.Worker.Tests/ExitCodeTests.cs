using FlexGen.Worker.Commands;
using FlexGen.Worker.Tests.Support;

namespace FlexGen.Worker.Tests;

/// <summary>Whether a pipeline is wrong in itself (2), or what it names cannot be had (1): the same when it is validated and when it is run.</summary>
public sealed class ExitCodeTests : IDisposable
{
    private readonly Workspace workspace = new();

    public void Dispose() => workspace.Dispose();

    [Theory]
    [InlineData(2, "output.schema", "none.json")]
    [InlineData(2, "output.schema", "broken.json")]
    [InlineData(2, "output.schema", "misspelt.json")]
    [InlineData(2, "source.parquet.columns.0", "idd", false)]
    [InlineData(2, "prompt.template", "{{ txt }}", false)]
    [InlineData(2, "prompt.template", "{{ text", false)]
    [InlineData(2, "deadLetter.parquet.path", "out/main")]
    [InlineData(2, "source.parquet.onSchemaChange", "merge", false)]
    [InlineData(2, "source.parquet.path", "data/[a")]
    [InlineData(1, "source.parquet.path", "none")]
    [InlineData(1, "source.parquet.path", "broken.json")]
    [InlineData(1, "model.path", "none")]
    public async Task Given_a_fault_when_validated_or_run_then_the_exit_code_says_of_what_kind_it_is(int expected, string key, string value, bool isPath = true)
    {
        workspace.WriteDataset(10, 1);
        workspace.WritePipeline(key == "model.path" ? "{}" : "{ echo: true }");
        await File.WriteAllTextAsync(workspace.At("broken.json"), """{ "type": "object" """);
        await File.WriteAllTextAsync(workspace.At("misspelt.json"), """{ "tpye": "object" }""");
        string[] settings =
        [
            $"source.parquet.path={workspace.At("data")}",
            $"sink.parquet.path={workspace.At("out/main")}",
            $"deadLetter.parquet.path={workspace.At("out/errors")}",
            $"{key}={(isPath ? workspace.At(value) : value)}",
        ];
        foreach (var command in new[] { "validate", "run" })
        {
            var code = await FlexGenCommand.RunAsync([command, workspace.At(Workspace.File), .. settings.SelectMany(setting => new[] { "--set", setting })]);
            Assert.Equal(expected, code);
            Assert.Empty(workspace.Parts());
        }
    }
}
