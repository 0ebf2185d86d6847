namespace FlexGen.Dataflow.Tests.Support;

/// <summary>A generator whose steps a test replaces.</summary>
internal sealed class TestGenerator : IGenerator
{
    public Func<string, string> OnTokenize { get; init; } = text => text;

    public Func<string, string> OnGenerate { get; init; } = text => text;

    /// <summary>Why an output is not whole.</summary>
    public Func<string, string?> Incomplete { get; init; } = _ => null;

    public int Concurrency => 4;

    public TokenizedPrompt Tokenize(Prompt prompt) => new(OnTokenize(prompt.Text), []);

    public async ValueTask<Completion> GenerateAsync(TokenizedPrompt prompt, CancellationToken cancellationToken)
    {
        await Task.Yield();
        cancellationToken.ThrowIfCancellationRequested();
        return new Completion(OnGenerate(prompt.Text), "stop", 1, 1) { Incomplete = Incomplete(prompt.Text), Reasoning = $"about {prompt.Text}" };
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
