namespace FlexGen.Planning.Cost;

/// <summary>What the slots of one share of the KV cache have to do for a micro-batch in one sweep.</summary>
internal sealed class ShareLoad
{
    private readonly List<(int Length, int Count)> lengths = [];

    /// <summary>Sequences that decode.</summary>
    public int Sequences { get; private set; }

    /// <summary>Tokens that they see together, each its new one too.</summary>
    public long Tokens { get; private set; }

    /// <summary>Tokens of the longest of them.</summary>
    public int Longest { get; private set; }

    /// <summary>Prompt tokens that are computed.</summary>
    public int PromptTokens { get; private set; }

    /// <summary>Prompts that are computed.</summary>
    public int Prompts { get; private set; }

    public void AddDecodes(int length, int count)
    {
        lengths.Add((length, count));
        Sequences += count;
        Tokens += (long)length * count;
        Longest = Math.Max(Longest, length);
    }

    public void AddPrompts(int length, int count)
    {
        Prompts += count;
        PromptTokens += length * count;
    }

    /// <summary>Tokens that they see under a window together.</summary>
    public long Seen(int? window)
    {
        if (window is not { } width || width >= Longest)
        {
            return Tokens;
        }

        var seen = 0L;
        foreach (var (length, count) in lengths)
        {
            seen += (long)Math.Min(length, width) * count;
        }

        return seen;
    }
}
