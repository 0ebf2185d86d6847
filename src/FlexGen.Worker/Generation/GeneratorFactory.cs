using FlexGen.Dataflow;
using FlexGen.Dataflow.Generation;
using FlexGen.Worker.Configuration;
using FlexGen.Worker.Reporting;

namespace FlexGen.Worker.Generation;

/// <summary>Makes the generator that the <c>model</c> key asks for.</summary>
internal static class GeneratorFactory
{
    /// <summary>Prompts the echo has in flight: enough that its delays overlap.</summary>
    private const int EchoConcurrency = 256;

    public static IGenerator Create(WorkerOptions options, TimeProvider time, WorkerLog log)
    {
        var model = options.Model!;
        if (model.Path is not { Length: > 0 } path)
        {
            RequireNoModel(options);
            return new EchoGenerator(EchoConcurrency, model.EchoMaxDelay, options.Generation.Seed.GetHashCode(), time);
        }

        log.LoadingModel(path);
        var start = time.GetTimestamp();
        var loaded = LanguageModel.Load(path, options.Engine, options.Generation, options.Output, options.Prompt, time);
        if (!loaded.HasTokenizer)
        {
            loaded.Dispose();
            throw new Tokenizers.TokenizerException($"The model folder {path} has no tokenizer: a pipeline needs tokenizer.json, vocab.json "
                + "with merges.txt, or tokenizer.model.");
        }

        log.LoadedModel(loaded.Description, time.GetElapsedTime(start).TotalSeconds);
        if (loaded.Warning is { } warning)
        {
            log.EngineWarning(warning);
        }

        return new EngineGenerator(loaded);
    }

    /// <exception cref="UsageException">The options ask for what only a model does.</exception>
    private static void RequireNoModel(WorkerOptions options)
    {
        if (options.Prompt.Messages.Count > 0)
        {
            throw new UsageException("prompt.messages need a model, whose chat template writes them out, and model.path names none: write the "
                + "prompt as prompt.template.");
        }

        var idle = options.Output switch
        {
            { Constrain: true } => "constrain",
            { CloseInTime: not null } => "closeInTime",
            { Regex: not null } => "regex",
            { Choices.Count: > 0 } => "choices",
            { Reasoning: true } => "reasoning",
            _ => null,
        };
        if (idle is not null)
        {
            throw new UsageException($"output.{idle} needs a model, which chooses tokens, and model.path names none: leave it out, or name a model.");
        }
    }
}
