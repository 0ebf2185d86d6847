using System.Runtime.Intrinsics;

namespace FlexGen.Engine.Sampling;

/// <summary>
/// Draws by noise that each token id has of its own in a step: the largest of logit / temperature + Gumbel noise is token t with
/// probability softmax(logits / temperature)[t] (Maddison, Tarlow, Minka 2014). No token's noise depends on the others, so a logit that is
/// rounded otherwise changes a draw only where two tokens are that close; a point on the line of cumulated probabilities, which it once
/// was, moves against all tokens whenever one logit changes.
/// </summary>
/// <param name="key">The number of this seed, prompt and step.</param>
internal readonly struct TokenNoise(ulong key)
{
    private const int Lanes = 4;

    /// <summary>A token drawn from all.</summary>
    /// <param name="logits">[vocabulary], the largest of them finite.</param>
    /// <param name="temperature">More than 0.</param>
    public int Draw(ReadOnlySpan<float> logits, double temperature)
    {
        var best = new Best();
        var id = 0;
        for (; id <= logits.Length - (2 * Lanes); id += 2 * Lanes)
        {
            Take(ref best, Vector256.Create(logits[id..]), temperature, id);
        }

        Span<float> rest = stackalloc float[2 * Lanes];
        rest.Fill(float.NegativeInfinity);
        logits[id..].CopyTo(rest);
        Take(ref best, Vector256.Create<float>(rest), temperature, id);
        return best.Index;
    }

    /// <summary>A token drawn from some, with probabilities as their weights.</summary>
    /// <param name="candidates">One of them, or more, with a weight above 0.</param>
    public int Draw(ReadOnlySpan<Candidate> candidates)
    {
        var best = new Best();
        Span<Candidate> four = stackalloc Candidate[Lanes];
        for (var n = 0; n < candidates.Length; n += Lanes)
        {
            four.Clear();
            candidates.Slice(n, Math.Min(Lanes, candidates.Length - n)).CopyTo(four);
            var tokens = Vector256.Create(four[0].Token, four[1].Token, four[2].Token, (long)four[3].Token);
            // Larger where log weight + Gumbel noise is.
            best.Take(Vector256.Create(four[0].Weight, four[1].Weight, four[2].Weight, four[3].Weight) / Exponential(tokens), n);
        }

        return candidates[best.Index].Token;
    }

    private void Take(ref Best best, Vector256<float> logits, double temperature, int first)
    {
        var (lower, upper) = Vector256.Widen(logits);
        best.Take((lower / temperature) - Vector256.Log(Exponential(Vector256.CreateSequence((long)first, 1))), first);
        best.Take((upper / temperature) - Vector256.Log(Exponential(Vector256.CreateSequence((long)first + Lanes, 1))), first + Lanes);
    }

    /// <summary>Exponential noise, of which the negative logarithm is Gumbel noise.</summary>
    private Vector256<double> Exponential(Vector256<long> tokens)
    {
        var bits = CounterRandom.Mix(Vector256.Create(key) + (tokens.AsUInt64() * CounterRandom.Step));
        // 52 bits after the point of a number in [1, 2), moved to the middle of its interval within (0, 1).
        var uniform = ((bits >> 12) | Vector256.Create(1.0).AsUInt64()).AsDouble() - Vector256.Create(1 - (1.0 / (1UL << 53)));
        return -Vector256.Log(uniform);
    }

    /// <summary>The largest score of each lane so far, the first of equal ones.</summary>
    private struct Best()
    {
        private Vector256<double> scores = Vector256.Create(double.NegativeInfinity);
        private Vector256<long> indexes;

        public readonly int Index
        {
            get
            {
                var lane = 0;
                for (var n = 1; n < Lanes; n++)
                {
                    lane = scores[n] > scores[lane] ? n : lane;
                }

                return (int)indexes[lane];
            }
        }

        public void Take(Vector256<double> more, int first)
        {
            var better = Vector256.GreaterThan(more, scores);
            scores = Vector256.ConditionalSelect(better, more, scores);
            indexes = Vector256.ConditionalSelect(better.AsInt64(), Vector256.CreateSequence((long)first, 1), indexes);
        }
    }
}
