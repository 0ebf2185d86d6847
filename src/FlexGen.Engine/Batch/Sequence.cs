using FlexGen.Engine.Sampling;

namespace FlexGen.Engine.Batch;

/// <summary>One request on its way through the engine.</summary>
internal sealed class Sequence
{
    private readonly TaskCompletionSource<GeneratedSequence> completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly GenerationRequest request;
    private readonly CancellationToken cancellation;
    private readonly CancellationTokenRegistration whileWaiting;
    private readonly CounterRandom random;
    private readonly List<int> tokens;

    /// <summary>The different ones of <see cref="tokens"/>, where a penalty asks for them.</summary>
    private readonly HashSet<int> seen;
    private float[]? logits;

    public Sequence(GenerationRequest request, CancellationToken cancellation)
    {
        (this.request, this.cancellation) = (request, cancellation);
        random = new(request.Sampling.Seed, request.PromptTokens);
        tokens = [.. request.PromptTokens];
        seen = request.Sampling.RepetitionPenalty == 1 ? [] : [.. tokens];
        whileWaiting = cancellation.UnsafeRegister(static (self, token) => ((Sequence)self!).completion.TrySetCanceled(token), this);
    }

    public Task<GeneratedSequence> Result => completion.Task;

    public int PromptLength => request.PromptTokens.Length;

    /// <summary>Prompt and output so far.</summary>
    public IReadOnlyList<int> Tokens => tokens;

    /// <summary>How many of <see cref="Tokens"/> the KV cache holds.</summary>
    public int CachedTokens { get; set; }

    public bool IsCancelled => cancellation.IsCancellationRequested;

    /// <summary>Whether the next token can be taken from the largest logit alone.</summary>
    public bool NeedsLogits => !request.Sampling.IsArgmax || request.Choose is not null || (request.ReturnLogits && logits is null);

    /// <summary>The next token from its logits, [vocabulary], which it may overwrite.</summary>
    public int Choose(Span<float> row)
    {
        if (request.ReturnLogits)
        {
            logits ??= row.ToArray();
        }

        return request.Choose is { } choose ? choose(row) : Sampler.Choose(row, request.Sampling, seen, new TokenNoise(random.At(tokens.Count - PromptLength)));
    }

    /// <summary>Takes the next token; the reason when it is the last.</summary>
    /// <param name="token">The token.</param>
    /// <param name="endsSequence">Whether it is one of the model's end-of-sequence tokens.</param>
    /// <param name="longest">Most tokens a slot holds.</param>
    /// <exception cref="RequestException">The stop rule failed.</exception>
    public FinishReason? Append(int token, bool endsSequence, int longest)
    {
        tokens.Add(token);
        if (request.Sampling.RepetitionPenalty != 1)
        {
            seen.Add(token);
        }

        var stopped = (endsSequence && !request.IgnoreEos) | request.StopTokenIds.Contains(token) | Stops(token);
        var full = tokens.Count - PromptLength >= request.MaxNewTokens || tokens.Count >= longest;
        return stopped ? FinishReason.Stop : full ? FinishReason.Length : null;
    }

    /// <summary>Leaves the queue: from here on the engine cancels it, at the end of a sweep. False when it was cancelled before.</summary>
    public bool Begin()
    {
        whileWaiting.Dispose();
        return !completion.Task.IsCompleted;
    }

    public void Finish(FinishReason reason) => completion.TrySetResult(new(tokens[PromptLength..], reason, logits));

    public void Cancel()
    {
        whileWaiting.Dispose();
        completion.TrySetCanceled(cancellation);
    }

    public void Fail(Exception exception)
    {
        whileWaiting.Dispose();
        completion.TrySetException(exception);
    }

    private bool Stops(int token)
    {
        try
        {
            return request.StopAfter?.Invoke(token) == true;
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            throw new RequestException("stop_rule_failed", $"Its stop rule failed: {exception.Message}", exception);
        }
    }
}
