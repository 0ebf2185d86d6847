using System.CommandLine;
using FlexGen.Dataflow;
using FlexGen.Dataflow.Checks;
using FlexGen.Worker.Configuration;

namespace FlexGen.Worker.Commands;

/// <summary>The options that say what completions may be.</summary>
internal sealed class ConstraintArguments
{
    private readonly IReadOnlyList<KeyedOption> options = KeyedOption.ForOutput();

    public void AddTo(Command command)
    {
        foreach (var option in options)
        {
            command.Add(option.Option);
        }
    }

    /// <summary>What they ask for; null: nothing.</summary>
    /// <exception cref="UsageException">They contradict each other, or have no effect.</exception>
    public OutputOptions? Read(ParseResult parse, GenerationOptions generation)
    {
        var layer = KeyedOption.Layer(parse, options);
        if (layer.Values.Count == 0)
        {
            return null;
        }

        var output = OptionsBinder.Bind<OutputOptions>("command line", [layer]);
        OptionsBinder.ThrowIfAny("command line", [.. output.Errors(generation).Select(Worded)
            .Select(error => KeyedOption.Worded(error, KeyedOption.ForGeneration(), "generation."))]);
        return output;
    }

    /// <summary>Has what they ask for done, of which what is wrong is said in their names.</summary>
    /// <exception cref="UsageException">It cannot be done.</exception>
    public async Task<T> WordedAsync<T>(Func<Task<T>> work)
    {
        try
        {
            return await work();
        }
        catch (UsageException e)
        {
            throw new UsageException([.. e.Lines.Select(Worded)]);
        }
        catch (PipelineDefinitionException e)
        {
            throw new UsageException([.. e.Lines.Select(Worded)]);
        }
    }

    /// <summary>What checks completions when they are there; null: nothing.</summary>
    /// <exception cref="UsageException">The schema's file cannot be read, or has what would be ignored.</exception>
    public async Task<OutputSchema?> CheckAsync(OutputOptions? output, CancellationToken cancellation) => output?.Schema is { } path
        ? await WordedAsync(() => OutputSchema.ReadAsync(Path.GetFullPath(path), TimeProvider.System, cancellation))
        : null;

    /// <summary>A message about keys of a pipeline file, about the options that stand for them.</summary>
    public string Worded(string message) =>
        KeyedOption.Worded(KeyedOption.Worded(message, options, "output."), KeyedOption.ForGeneration(), "generation.");
}
