namespace FlexGen.Engine.Sampling;

/// <summary>What a model's logits say of tokens.</summary>
internal static class Likelihoods
{
    /// <param name="logits">[vocabulary], the largest of them finite.</param>
    /// <param name="chosen">A token.</param>
    /// <param name="top">How many of the likeliest tokens.</param>
    public static TokenLogProbabilities Of(ReadOnlySpan<float> logits, int chosen, int top)
    {
        var most = float.NegativeInfinity;
        var likeliest = new PriorityQueue<int, (float, int)>(top + 1);
        for (var id = 0; id < logits.Length; id++)
        {
            most = Math.Max(most, logits[id]);
            // Of equal ones the first.
            likeliest.Enqueue(id, (logits[id], -id));
            if (likeliest.Count > top)
            {
                likeliest.Dequeue();
            }
        }

        var sum = 0.0;
        foreach (var logit in logits)
        {
            sum += Math.Exp(logit - most);
        }

        var all = most + Math.Log(sum);
        var tokens = new (int, double)[likeliest.Count];
        for (var n = tokens.Length - 1; n >= 0; n--)
        {
            var id = likeliest.Dequeue();
            tokens[n] = (id, logits[id] - all);
        }

        return new TokenLogProbabilities(logits[chosen] - all, tokens);
    }
}
