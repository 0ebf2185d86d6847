namespace FlexGen.Planning.Cost;

/// <summary>What the slots of one share of the KV cache have to do for a micro-batch in one sweep.</summary>
internal sealed class ShareLoad
{
    private readonly List<int> lengths = [];
    private readonly Dictionary<int, long> windowed = [];

    /// <summary>Sequences that decode.</summary>
    public int Sequences => lengths.Count;

    /// <summary>Tokens that they see together, each its new one too.</summary>
    public long Tokens { get; private set; }

    /// <summary>Tokens of the longest of them.</summary>
    public int Longest { get; private set; }

    /// <summary>Prompt tokens that are computed.</summary>
    public int PromptTokens { get; private set; }

    public void AddDecode(int length)
    {
        lengths.Add(length);
        Tokens += length;
        Longest = Math.Max(Longest, length);
    }

    /// <summary>Prompts that are computed.</summary>
    public int Prompts { get; private set; }

    public void AddPrompt(int length)
    {
        Prompts++;
        PromptTokens += length;
    }

    /// <summary>Tokens that they see under a window together.</summary>
    public long Seen(int? window)
    {
        if (window is not { } width || width >= Longest)
        {
            return Tokens;
        }

        if (!windowed.TryGetValue(width, out var seen))
        {
            windowed.Add(width, seen = lengths.Sum(l => (long)Math.Min(l, width)));
        }

        return seen;
    }
}
