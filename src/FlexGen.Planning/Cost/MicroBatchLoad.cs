namespace FlexGen.Planning.Cost;

/// <summary>What a micro-batch computes in one sweep.</summary>
internal sealed class MicroBatchLoad
{
    private readonly ShareLoad[] shares;

    /// <param name="shares">Of the KV cache.</param>
    public MicroBatchLoad(int shares)
    {
        this.shares = new ShareLoad[shares];
        for (var n = 0; n < shares; n++)
        {
            this.shares[n] = new();
        }
    }

    /// <summary>Of each share of the KV cache.</summary>
    public ReadOnlySpan<ShareLoad> Shares => shares;

    /// <summary>Lengths of the prompts that are computed, and how many each has; a length may come more than once.</summary>
    public List<(int Length, int Count)> Prompts { get; } = [];

    /// <summary>How they are put together, once that is known.</summary>
    public List<(int Length, int Count)>? Groups { get; set; }

    /// <summary>What it takes, once that is known.</summary>
    public MicroBatchCosts? Costs { get; set; }

    public int PromptTokens { get; private set; }

    /// <summary>Sequences that decode.</summary>
    public int Decodes { get; private set; }

    /// <summary>All of them: each has a next token.</summary>
    public int Sequences { get; private set; }

    public int Rows => PromptTokens + Decodes;

    public void AddPrompts(int share, int length, int count)
    {
        Prompts.Add((length, count));
        Sequences += count;
        PromptTokens += length * count;
        shares[share].AddPrompts(length, count);
    }

    public void AddDecodes(int share, int length, int count)
    {
        Decodes += count;
        Sequences += count;
        shares[share].AddDecodes(length, count);
    }
}
