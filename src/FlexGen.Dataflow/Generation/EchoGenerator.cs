namespace FlexGen.Dataflow.Generation;

/// <summary>
/// The generator without a model: returns each prompt's text, or its last message's, after a random delay up to <paramref name="maxDelay"/> (none when null),
/// so out of order. It has no tokenizer and counts no tokens.
/// </summary>
public sealed class EchoGenerator(int concurrency, TimeSpan? maxDelay, int seed, TimeProvider time) : IGenerator
{
    private readonly Random random = new(seed);
    private readonly Lock randomLock = new();

    public int Concurrency => concurrency;

    public TokenizedPrompt Tokenize(Prompt prompt) => new(prompt.Messages is [.., var last] ? last.Content : prompt.Text, []);

    public async ValueTask<Completion> GenerateAsync(TokenizedPrompt prompt, CancellationToken cancellationToken)
    {
        if (maxDelay is { } max)
        {
            double share;
            lock (randomLock)
            {
                share = random.NextDouble();
            }

            await Task.Delay(max * share, time, cancellationToken);
        }

        return new Completion(prompt.Text, "stop", 0, 0);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
