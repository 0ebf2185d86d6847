namespace FlexGen.Engine.Tests.Support;

/// <summary>Allows tokens whose ids are multiples of a number.</summary>
internal sealed class EveryNth(int n, int vocabulary) : ITokenRule
{
    /// <summary>How many tokens were left whenever it was asked.</summary>
    public List<int> Asked { get; } = [];

    public bool IsOver => false;

    public void Fill(Span<uint> mask, int remaining)
    {
        Asked.Add(remaining);
        mask.Clear();
        for (var id = 0; id < vocabulary; id += n)
        {
            mask[id / 32] |= 1u << (id % 32);
        }
    }

    public bool Take(int token) => token % n == 0;
}
