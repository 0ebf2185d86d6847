using FlexGen.Constraints;
using FlexGen.Engine;

namespace FlexGen.Worker.Generation;

/// <summary>A constraint as the engine asks for it.</summary>
/// <param name="rule">The sequence's state.</param>
/// <param name="closesInTime">Whether it is told how many tokens are left.</param>
internal sealed class ConstrainedRule(TokenRule rule, bool closesInTime) : ITokenRule
{
    public bool IsOver => rule.IsOver;

    /// <summary>Whether what was taken is whole.</summary>
    public bool IsWhole => rule.MayEnd;

    public void Fill(Span<uint> mask, int remaining) => rule.Fill(mask, closesInTime ? remaining : int.MaxValue);

    public bool Take(int token) => rule.Take(token);
}
