using FlexGen.Constraints;
using FlexGen.Dataflow;
using FlexGen.Planning.Cost;

namespace FlexGen.Worker.Generation;

/// <summary>The model as the pipeline sees it.</summary>
internal sealed class EngineGenerator(LanguageModel model) : IGenerator
{
    public int Concurrency => model.Slots;

    /// <inheritdoc cref="LanguageModel.PeakGpuBytes"/>
    public long PeakGpuBytes => model.PeakGpuBytes;

    /// <inheritdoc cref="LanguageModel.Prediction"/>
    public Prediction? Prediction => model.Prediction;

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
        return new Completion(generated.Text ?? "", generated.FinishReasonName, prompt.TokenIds.Length, generated.TokenIds.Count)
        {
            Reasoning = generated.Reasoning,
            Incomplete = generated.Incomplete,
        };
    }

    public ValueTask DisposeAsync()
    {
        model.Dispose();
        return ValueTask.CompletedTask;
    }
}
