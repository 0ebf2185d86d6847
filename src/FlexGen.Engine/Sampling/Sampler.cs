namespace FlexGen.Engine.Sampling;

/// <summary>
/// Chooses a token from logits: repetition penalty, temperature, top-k, top-p, in this order, which is Hugging Face
/// transformers' own, so that the probabilities are the same.
/// </summary>
internal static class Sampler
{
    /// <summary>The chosen token.</summary>
    /// <param name="logits">[vocabulary]; overwritten.</param>
    /// <param name="options">What to apply.</param>
    /// <param name="previous">Tokens of the prompt and the output so far.</param>
    /// <param name="uniform">The random number of this step, in [0, 1).</param>
    public static int Choose(Span<float> logits, SamplingOptions options, IReadOnlyList<int> previous, double uniform)
    {
        Penalize(logits, options.RepetitionPenalty, previous);
        return options.Temperature == 0 ? IndexOfMax(logits) : Draw(Candidates(logits, options), uniform);
    }

    /// <summary>The tokens that can be drawn and their weights, which need not sum to one.</summary>
    internal static List<(int Token, double Weight)> Candidates(ReadOnlySpan<float> logits, SamplingOptions options)
    {
        var threshold = options.TopK > 0 && options.TopK < logits.Length ? Largest(logits, options.TopK) : float.NegativeInfinity;
        var max = logits[IndexOfMax(logits)];
        var candidates = new List<(int Token, double Weight)>();
        for (var id = 0; id < logits.Length; id++)
        {
            if (logits[id] >= threshold && logits[id] > float.NegativeInfinity)
            {
                candidates.Add((id, Math.Exp((logits[id] - max) / options.Temperature)));
            }
        }

        return options.TopP < 1 ? Nucleus(candidates, options.TopP) : candidates;
    }

    internal static void Penalize(Span<float> logits, double penalty, IReadOnlyList<int> previous)
    {
        if (penalty == 1)
        {
            return;
        }

        foreach (var token in previous.Distinct())
        {
            ref var logit = ref logits[token];
            logit = (float)(logit < 0 ? logit * penalty : logit / penalty);
        }
    }

    /// <summary>The most likely tokens, up to and with the one that brings their share to p.</summary>
    private static List<(int Token, double Weight)> Nucleus(List<(int Token, double Weight)> candidates, double p)
    {
        // Tokens below (1 - p) / n of the whole together have less than 1 - p, so none of them is needed: this leaves little to sort.
        var sum = candidates.Sum(c => c.Weight);
        var least = sum * (1 - p) / candidates.Count;
        var likely = candidates.Where(c => c.Weight >= least).OrderByDescending(c => c.Weight).ToList();
        var gathered = 0.0;
        var kept = likely.TakeWhile(c =>
        {
            var before = gathered;
            gathered += c.Weight;
            return before == 0 || before < p * sum;
        });
        return [.. kept];
    }

    private static float Largest(ReadOnlySpan<float> logits, int k)
    {
        var heap = new PriorityQueue<float, float>(k);
        foreach (var logit in logits)
        {
            if (heap.Count < k)
            {
                heap.Enqueue(logit, logit);
            }
            else if (logit > heap.Peek())
            {
                heap.DequeueEnqueue(logit, logit);
            }
        }

        return heap.Peek();
    }

    private static int Draw(List<(int Token, double Weight)> candidates, double uniform)
    {
        var left = uniform * candidates.Sum(c => c.Weight);
        foreach (var (token, weight) in candidates)
        {
            left -= weight;
            if (left < 0)
            {
                return token;
            }
        }

        return candidates[^1].Token;
    }

    private static int IndexOfMax(ReadOnlySpan<float> logits)
    {
        var best = 0;
        for (var id = 1; id < logits.Length; id++)
        {
            if (logits[id] > logits[best])
            {
                best = id;
            }
        }

        return best;
    }
}
