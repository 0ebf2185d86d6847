using FlexGen.Dataflow;
using FlexGen.Dataflow.Generation;
using FlexGen.Worker.Configuration;
using FlexGen.Worker.Lengths;
using FlexGen.Worker.Policies;
using FlexGen.Worker.Reporting;

namespace FlexGen.Worker.Generation;

/// <summary>Makes the generator that the <c>model</c> key asks for.</summary>
internal static class GeneratorFactory
{
    /// <summary>Prompts the echo has in flight: enough that its delays overlap.</summary>
    private const int EchoConcurrency = 256;

    /// <param name="options">The pipeline.</param>
    /// <param name="time">Where chat templates have the date from.</param>
    /// <param name="log">Told what is loaded, and how it will run.</param>
    /// <param name="sample">Some of its prompts; none: there are none, or they cannot be known before.</param>
    /// <param name="records">How many there are; null: no one can know.</param>
    public static IGenerator Create(WorkerOptions options, TimeProvider time, WorkerLog log, IReadOnlyList<Prompt> sample, long? records)
    {
        var model = options.Model!;
        if (model.Path is not { Length: > 0 } path)
        {
            RequireNoModel(options);
            return new EchoGenerator(EchoConcurrency, model.EchoMaxDelay, options.Generation.Seed.GetHashCode(), time);
        }

        log.LoadingModel(path);
        var start = time.GetTimestamp();
        var (store, key) = (LengthStore.OfUser(), LengthKey.Of(options, ModelTokenizer.Find(path)));
        var earlier = store.Load(key);
        var planning = new RunPlanning(
            log.MeasuringMachine, log.EngineWarning, log.ChoseDevices,
            length => Workloads.Of([.. sample.Select(length).Where(n => n > 0)], earlier.Lengths, options.Generation.MaxNewTokens, records));
        var loaded = LanguageModel.Load(path, options.Engine, options.Generation, options.Output, options.Prompt, time, planning);
        if (!loaded.HasTokenizer)
        {
            loaded.Dispose();
            throw new Tokenizers.TokenizerException($"The model folder {path} has no tokenizer: a pipeline needs tokenizer.json, vocab.json "
                + "with merges.txt, or tokenizer.model.");
        }

        log.LoadedModel(loaded.Description, time.GetElapsedTime(start).TotalSeconds);
        if (loaded.Plan is { } plan)
        {
            log.Planned(PlanText.Of(plan));
        }

        foreach (var warning in new[] { loaded.Warning, earlier.Warning }.OfType<string>())
        {
            log.EngineWarning(warning);
        }

        return new EngineGenerator(loaded, new(store, key, earlier.Lengths, log.EngineWarning, time));
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
