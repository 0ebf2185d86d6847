using System.Buffers;
using System.Numerics;

namespace FlexGen.Engine.Sampling;

/// <summary>
/// Chooses a token from logits: repetition penalty, temperature, top-k, top-p, in this order, which is Hugging Face
/// transformers' own, so that the probabilities are the same.
/// </summary>
internal static class Sampler
{
    /// <summary>The chosen token.</summary>
    /// <param name="logits">[vocabulary], the largest of them finite; overwritten.</param>
    /// <param name="options">What to apply.</param>
    /// <param name="seen">The tokens that the prompt or the output so far has.</param>
    /// <param name="noise">What a draw is made by.</param>
    public static int Choose(Span<float> logits, SamplingOptions options, IReadOnlySet<int> seen, TokenNoise noise)
    {
        Penalize(logits, options.RepetitionPenalty, seen);
        if (options.Temperature == 0)
        {
            return IndexOfMax(logits);
        }

        if (options.TopP == 1 && (options.TopK == 0 || options.TopK >= logits.Length))
        {
            return noise.Draw(logits, options.Temperature);
        }

        var room = ArrayPool<Candidate>.Shared.Rent(logits.Length);
        var token = noise.Draw(Candidates(logits, options, room));
        ArrayPool<Candidate>.Shared.Return(room);
        return token;
    }

    /// <summary>The tokens that can be drawn.</summary>
    /// <param name="logits">[vocabulary].</param>
    /// <param name="options">What to apply.</param>
    /// <param name="room">At least [vocabulary]; the result is a part of it.</param>
    internal static ReadOnlySpan<Candidate> Candidates(ReadOnlySpan<float> logits, SamplingOptions options, Span<Candidate> room)
    {
        var threshold = options.TopK > 0 && options.TopK < logits.Length ? Largest(logits, options.TopK) : float.NegativeInfinity;
        var max = logits[IndexOfMax(logits)];
        var count = 0;
        for (var id = 0; id < logits.Length; id++)
        {
            if (logits[id] >= threshold && logits[id] > float.NegativeInfinity)
            {
                room[count++] = new(id, Math.Exp((logits[id] - max) / options.Temperature));
            }
        }

        return options.TopP < 1 ? Nucleus(room[..count], options.TopP) : room[..count];
    }

    /// <summary>Makes tokens impossible.</summary>
    /// <param name="logits">[vocabulary].</param>
    /// <param name="allowed">A bit for each token that may come.</param>
    public static void Forbid(Span<float> logits, ReadOnlySpan<uint> allowed)
    {
        for (var word = 0; word < allowed.Length; word++)
        {
            var first = word * 32;
            for (var forbidden = ~allowed[word]; forbidden != 0; forbidden &= forbidden - 1)
            {
                if (first + BitOperations.TrailingZeroCount(forbidden) is var id && id < logits.Length)
                {
                    logits[id] = float.NegativeInfinity;
                }
            }
        }
    }

    internal static void Penalize(Span<float> logits, double penalty, IReadOnlySet<int> seen)
    {
        if (penalty == 1)
        {
            return;
        }

        foreach (var token in seen)
        {
            ref var logit = ref logits[token];
            logit = (float)(logit < 0 ? logit * penalty : logit / penalty);
        }
    }

    /// <summary>The most likely tokens, up to and with the one that brings their share to p.</summary>
    private static Span<Candidate> Nucleus(Span<Candidate> candidates, double p)
    {
        // Tokens below (1 - p) / n of the whole together have less than 1 - p, so none of them is needed: this leaves little to sort.
        var sum = Sum(candidates);
        var least = sum * (1 - p) / candidates.Length;
        var likely = 0;
        foreach (var candidate in candidates)
        {
            if (candidate.Weight >= least)
            {
                candidates[likely++] = candidate;
            }
        }

        candidates = candidates[..likely];
        candidates.Sort((a, b) => a.Weight == b.Weight ? a.Token.CompareTo(b.Token) : b.Weight.CompareTo(a.Weight));
        var (kept, gathered) = (0, 0.0);
        while (kept == 0 || (kept < likely && gathered < p * sum))
        {
            gathered += candidates[kept++].Weight;
        }

        return candidates[..kept];
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

    private static double Sum(ReadOnlySpan<Candidate> candidates)
    {
        var sum = 0.0;
        foreach (var candidate in candidates)
        {
            sum += candidate.Weight;
        }

        return sum;
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
