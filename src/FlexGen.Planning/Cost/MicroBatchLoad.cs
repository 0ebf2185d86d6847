namespace FlexGen.Planning.Cost;

/// <summary>What a micro-batch computes in one sweep.</summary>
/// <param name="shares">Of the KV cache.</param>
internal sealed class MicroBatchLoad(int shares)
{
    /// <summary>Of each share of the KV cache.</summary>
    public IReadOnlyList<ShareLoad> Shares { get; } = [.. Enumerable.Range(0, shares).Select(_ => new ShareLoad())];

    /// <summary>Lengths of the prompts that are computed.</summary>
    public List<int> Prompts { get; } = [];

    /// <summary>How they are put together, once that is known.</summary>
    public List<(int Length, int Count)>? Groups { get; set; }

    public int PromptTokens { get; private set; }

    /// <summary>Sequences that decode.</summary>
    public int Decodes { get; private set; }

    /// <summary>All of them: each has a next token.</summary>
    public int Sequences => Prompts.Count + Decodes;

    public int Rows => PromptTokens + Decodes;

    public void AddPrompt(int share, int length)
    {
        Prompts.Add(length);
        PromptTokens += length;
        Shares[share].AddPrompt(length);
    }

    public void AddDecode(int share, int length)
    {
        Decodes++;
        Shares[share].AddDecode(length);
    }
}
