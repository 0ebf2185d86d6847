using System.Text;

namespace FlexGen.Constraints.Tests;

/// <summary>A sequence whose tokens are drawn at random among those that its rule allows.</summary>
internal sealed class RandomWalk
{
    private readonly TokenRule rule;
    private readonly uint[] mask = new uint[(Rules.Tokens.Size + 31) / 32];
    private readonly List<byte> written = [];
    private readonly List<(int At, byte[] Text)> forced = [];

    private RandomWalk(Constraint constraint) => rule = constraint.Begin();

    public List<int> Tokens { get; } = [];

    /// <summary>The text is whole.</summary>
    public bool IsWhole => rule.MayEnd;

    /// <summary>What was written; half a character fails.</summary>
    public string Text => new UTF8Encoding(false, throwOnInvalidBytes: true).GetString([.. written]);

    /// <param name="constraint">What it keeps to.</param>
    /// <param name="seed">Of the draws.</param>
    /// <param name="budget">Tokens, at most.</param>
    /// <param name="checks">At each step all tokens are held against the mask, and what is forced against what follows.</param>
    public static RandomWalk Take(Constraint constraint, int seed, int budget, bool checks = false)
    {
        var random = new Random(seed);
        var walk = new RandomWalk(constraint);
        // Some texts are long, most are not.
        var ends = random.Next(2) == 0;
        for (var left = budget; left > 0 && !walk.rule.IsOver; left--)
        {
            if (!walk.TryStep(random, left, ends, checks))
            {
                break;
            }
        }

        if (checks)
        {
            walk.CheckForced();
        }

        return walk;
    }

    private bool TryStep(Random random, int left, bool ends, bool checks)
    {
        if (checks)
        {
            CheckMask();
            var ahead = new int[32];
            var count = rule.Forced(ahead);
            if (count > 0)
            {
                forced.Add((written.Count, [.. ahead.Take(count).SelectMany(token => Rules.Bytes[token])]));
                Assert.Equal(ahead.Take(count), Rules.Tokenize([.. ahead.Take(count).SelectMany(token => Rules.Bytes[token])]));
            }
        }

        rule.Fill(mask, left);
        var allowed = Enumerable.Range(0, Rules.Tokens.Size).Where(IsAllowed).ToList();
        Assert.True(allowed.Count > 0, $"nothing may follow '{Encoding.UTF8.GetString([.. written])}'");
        if (IsAllowed(Rules.End) && (ends || random.Next(20) == 0))
        {
            return false;
        }

        allowed.Remove(Rules.End);
        var token = Draw(random, allowed);
        Assert.True(rule.Take(token), $"what the mask allows is not taken after '{Encoding.UTF8.GetString([.. written])}'");
        Tokens.Add(token);
        written.AddRange(Rules.Bytes[token]);
        return true;
    }

    // Control characters and bytes beyond ASCII are most of the vocabulary, and are drawn less often.
    private static int Draw(Random random, List<int> allowed)
    {
        var common = allowed.FindAll(token => token is >= ' ' and < 0x7F or > 0xFF);
        var from = common.Count > 0 && random.Next(8) > 0 ? common : allowed;
        return from[random.Next(from.Count)];
    }

    private bool IsAllowed(int token) => (mask[token >> 5] >> token & 1) != 0;

    // The mask has the tokens that may be taken, and no others.
    private void CheckMask()
    {
        rule.Fill(mask, 100_000);
        Assert.Equal(rule.MayEnd, IsAllowed(Rules.End));
        for (var token = 0; token < Rules.End; token++)
        {
            Assert.True(
                IsAllowed(token) == rule.Copy().Take(token), $"token {token} after '{Encoding.UTF8.GetString([.. written])}': {(IsAllowed(token) ? "allowed" : "not allowed")}");
        }
    }

    // What was forced is what was written, in the tokens that the tokenizer has for the whole of it.
    private void CheckForced()
    {
        foreach (var (at, text) in forced)
        {
            var rest = written[at..];
            Assert.Equal(text.Take(rest.Count), rest.Take(text.Length));
            if (rest.Count >= text.Length && rule.MayEnd)
            {
                var own = Rules.Tokenize([.. rest]);
                var tokens = Rules.Tokenize(text);
                Assert.Equal(tokens, own.Take(tokens.Count));
            }
        }
    }
}
