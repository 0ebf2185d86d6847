using FlexGen.Constraints;
using FlexGen.Engine;

namespace FlexGen.Worker.Benchmarking;

/// <summary>One document of a constraint after another, so that an output goes on to the length that is to be measured.</summary>
internal sealed class EndlessRule(Constraint constraint) : ITokenRule
{
    private TokenRule rule = constraint.Begin();

    public bool IsOver => false;

    public void Fill(Span<uint> mask, int remaining) => rule.Fill(mask, int.MaxValue);

    public bool Take(int token)
    {
        if (!rule.Take(token))
        {
            return false;
        }

        if (rule.IsOver)
        {
            rule = constraint.Begin();
        }

        return true;
    }
}
