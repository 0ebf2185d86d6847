namespace FlexGen.Dataflow;

/// <summary>Turns prompts into completions: the model, or the echo that stands in for it.</summary>
public interface IGenerator : IAsyncDisposable
{
    /// <summary>How many prompts must be in flight to keep the generator busy.</summary>
    int Concurrency { get; }

    /// <summary>Tokenises a prompt. Called from several threads at once.</summary>
    /// <exception cref="RecordException">The prompt cannot be generated from: it is longer than the model's context, say.</exception>
    TokenizedPrompt Tokenize(Prompt prompt);

    /// <summary>Generates from one prompt. Completions finish in any order.</summary>
    /// <exception cref="RecordException">This prompt cannot be generated from. Any other exception is the generator's own failure, which ends the
    /// run.</exception>
    /// <exception cref="OperationCanceledException">The generation was given up; the record counts as not done.</exception>
    ValueTask<Completion> GenerateAsync(TokenizedPrompt prompt, CancellationToken cancellationToken);
}
