using FlexGen.Constraints;
using FlexGen.Dataflow;
using FlexGen.Worker.Lengths;
using FlexGen.Worker.Policies;

namespace FlexGen.Worker.Generation;

/// <summary>The model as the pipeline sees it.</summary>
/// <param name="model">The model, which goes with it.</param>
/// <param name="lengths">Takes down how long prompts and outputs turn out to be; it goes with it, too.</param>
internal sealed class EngineGenerator(LanguageModel model, LengthRecorder lengths) : IGenerator
{
    public int Concurrency => model.Slots;

    /// <inheritdoc cref="LanguageModel.PeakGpuBytes"/>
    public IReadOnlyList<long> PeakGpuBytes => model.PeakGpuBytes;

    /// <inheritdoc cref="LanguageModel.Plan"/>
    public RunPlan? Plan => model.Plan;

    /// <summary>How a run went beside its plan; null without one.</summary>
    /// <param name="elapsed">Of the whole run.</param>
    /// <param name="tokens">Generated in that time.</param>
    public RunAccount? Account(TimeSpan elapsed, long tokens) => model.Plan is { } plan
        ? new(plan, lengths.Had, model.Statistics, model.Work, elapsed, tokens) : null;

    /// <inheritdoc cref="LanguageModel.Description"/>
    public string Description => model.Description;

    /// <inheritdoc cref="LanguageModel.Warning"/>
    public string? Warning => model.Warning;

    /// <inheritdoc cref="LanguageModel.Constraint"/>
    public Constraint? Constraint => model.Constraint;

    public TokenizedPrompt Tokenize(Prompt prompt) => new(prompt.Text, model.Encode(prompt));

    public async ValueTask<Completion> GenerateAsync(TokenizedPrompt prompt, CancellationToken cancellationToken)
    {
        var generated = await model.GenerateAsync(prompt.TokenIds, returnLogits: false, cancellationToken);
        lengths.Add(prompt.TokenIds.Length, generated.TokenIds.Count);
        return new Completion(generated.Text ?? "", generated.FinishReasonName, prompt.TokenIds.Length, generated.TokenIds.Count)
        {
            Reasoning = generated.Reasoning,
            Incomplete = generated.Incomplete,
        };
    }

    public async ValueTask DisposeAsync()
    {
        model.Dispose();
        await lengths.DisposeAsync();
    }
}
