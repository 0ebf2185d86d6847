using System.CommandLine;
using FlexGen.Worker.Configuration;
using FlexGen.Worker.Reporting;

namespace FlexGen.Worker.Commands;

/// <summary>What the commands that take a pipeline file have in common.</summary>
internal sealed class PipelineArguments
{
    private readonly Argument<string> file = new("PIPELINE.yaml") { Description = "The pipeline file. Paths in it are relative to the current directory." };
    private readonly Option<string[]> set = new("--set")
    {
        HelpName = "key=value",
        Description = "Override a key of the pipeline file, such as generation.maxNewTokens=32 or source.parquet.columns.0=id; may be repeated.",
    };

    private readonly IReadOnlyList<KeyedOption> engine = KeyedOption.ForEngine();
    private readonly IReadOnlyList<KeyedOption> source = KeyedOption.ForSource();

    public Option<bool> Json { get; } = Report.JsonOption();

    public void AddTo(Command command)
    {
        command.Add(file);
        command.Add(set);
        command.Add(Json);
        foreach (var option in engine.Concat(source))
        {
            command.Add(option.Option);
        }
    }

    /// <exception cref="UsageException">The pipeline file or what overrides it is wrong.</exception>
    public WorkerOptions Load(ParseResult parse)
    {
        var options = WorkerOptions.Load(
            parse.GetRequiredValue(file), parse.GetValue(set) ?? [], [KeyedOption.Layer(parse, engine, "engine:"), KeyedOption.Layer(parse, source)]);
        options.Engine.Named(KeyedOption.Names(parse, engine, "engine."));
        return options;
    }
}
