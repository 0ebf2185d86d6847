namespace FlexGen.Engine.Tests.Support;

/// <summary>Allows one sequence of tokens; at a negative one, none.</summary>
internal sealed class Spelling(int[] tokens) : ITokenRule
{
    private int taken;

    public bool IsOver => taken == tokens.Length;

    public void Fill(Span<uint> mask, int remaining)
    {
        mask.Clear();
        if (tokens[taken] is >= 0 and var id)
        {
            mask[id / 32] |= 1u << (id % 32);
        }
    }

    public bool Take(int token)
    {
        var isNext = token == tokens[taken];
        taken += isNext ? 1 : 0;
        return isNext;
    }
}
