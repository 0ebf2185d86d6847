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
    private readonly List<TokenLogProbabilities>? logProbabilities;
    private float[]? logits;
    private RequestException? ruleFailure;

    public Sequence(GenerationRequest request, CancellationToken cancellation)
    {
        (this.request, this.cancellation) = (request, cancellation);
        random = new(request.Sampling.Seed, request.PromptTokens);
        tokens = [.. request.PromptTokens];
        seen = request.Sampling.RepetitionPenalty == 1 ? [] : [.. tokens];
        logProbabilities = request.TopLogProbabilities is null ? null : [];
        whileWaiting = cancellation.UnsafeRegister(static (self, token) => ((Sequence)self!).completion.TrySetCanceled(token), this);
    }

    public Task<GeneratedSequence> Result => completion.Task;

    public int PromptLength => request.PromptTokens.Length;

    /// <summary>Prompt and output so far.</summary>
    public IReadOnlyList<int> Tokens => tokens;

    /// <summary>How many of <see cref="Tokens"/> the KV cache holds.</summary>
    public int CachedTokens { get; set; }

    public bool IsCancelled => cancellation.IsCancellationRequested;

    /// <summary>Whether a rule says which tokens it may have.</summary>
    public bool HasRule => request.Rule is not null;

    /// <summary>Whether more of its logits are needed than which is the largest.</summary>
    public bool NeedsLogits => IsDrawn || WantsLogits;

    /// <summary>Whether the next token is drawn, or chosen by other logits than the largest.</summary>
    public bool IsDrawn => !request.Sampling.IsArgmax || request.Choose is not null;

    /// <summary>Whether something of its logits is to be kept, which has to be done when its next token is chosen.</summary>
    public bool WantsLogits => (request.ReturnLogits && logits is null) || logProbabilities is not null;

    /// <summary>Why it cannot go on where no token is allowed.</summary>
    public RequestException NothingAllowed => ruleFailure ?? RequestException.NothingAllowed(tokens.Count - PromptLength);

    /// <summary>Has the rule say which tokens may come next.</summary>
    /// <param name="mask">Takes a bit for each token; all 0 where the rule fails.</param>
    /// <param name="longest">Most tokens a slot holds.</param>
    public void FillMask(Span<uint> mask, int longest)
    {
        try
        {
            request.Rule!.Fill(mask, Math.Min(request.MaxNewTokens - (tokens.Count - PromptLength), longest - tokens.Count));
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            mask.Clear();
            ruleFailure = RequestException.RuleFailed(exception);
        }
    }

    /// <summary>The next token from its logits; null where all that may come are impossible.</summary>
    /// <param name="row">[vocabulary]; it may be overwritten.</param>
    /// <param name="allowed">A bit for each token that may come; empty: all may.</param>
    public int? Choose(Span<float> row, ReadOnlySpan<uint> allowed)
    {
        if (request.ReturnLogits)
        {
            logits ??= row.ToArray();
        }

        var untouched = logProbabilities is null ? [] : row.ToArray();
        if (!allowed.IsEmpty)
        {
            Sampler.Forbid(row, allowed);
            if (!row.ContainsAnyExcept(float.NegativeInfinity))
            {
                return null;
            }
        }

        var token = request.Choose is { } choose
            ? choose(row) : Sampler.Choose(row, request.Sampling, seen, new TokenNoise(random.At(tokens.Count - PromptLength)));
        logProbabilities?.Add(Likelihoods.Of(untouched, token, request.TopLogProbabilities!.Value));
        return token;
    }

    /// <summary>Takes the next token; the reason when it is the last.</summary>
    /// <param name="token">The token.</param>
    /// <param name="endsSequence">Whether it is one of the model's end-of-sequence tokens.</param>
    /// <param name="longest">Most tokens a slot holds.</param>
    /// <exception cref="RequestException">The stop rule failed, or the token rule, or that does not allow the token.</exception>
    public FinishReason? Append(int token, bool endsSequence, int longest)
    {
        var ends = (endsSequence && !request.IgnoreEos) | request.StopTokenIds.Contains(token);
        if (!ends && request.Rule is { } rule && !Takes(rule, token))
        {
            throw NothingAllowed;
        }

        tokens.Add(token);
        if (request.Sampling.RepetitionPenalty != 1)
        {
            seen.Add(token);
        }

        var stopped = ends | Stops(token) | (request.Rule?.IsOver == true);
        var full = tokens.Count - PromptLength >= request.MaxNewTokens || tokens.Count >= longest;
        return stopped ? FinishReason.Stop : full ? FinishReason.Length : null;
    }

    /// <summary>Leaves the queue: from here on the engine cancels it, at the end of a sweep. False when it was cancelled before.</summary>
    public bool Begin()
    {
        whileWaiting.Dispose();
        return !completion.Task.IsCompleted;
    }

    public void Finish(FinishReason reason) => completion.TrySetResult(new(tokens[PromptLength..], reason, logits) { LogProbabilities = logProbabilities });

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

    private static bool Takes(ITokenRule rule, int token)
    {
        try
        {
            return rule.Take(token);
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            throw RequestException.RuleFailed(exception);
        }
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
