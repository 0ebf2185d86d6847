using System.Runtime.CompilerServices;

namespace FlexGen.Tokenizers.Chat.Values;

/// <summary>How deep values, expressions and calls may stand in each other.</summary>
internal static class Nesting
{
    public const int Most = 100;

    /// <summary>Pays for a step of what goes into values, which may stand in each other in many places.</summary>
    /// <exception cref="TemplateFailure">There is no room to go deeper, or there were too many steps.</exception>
    public static void Require()
    {
        Budget.OfThread?.Step();
        if (!RuntimeHelpers.TryEnsureSufficientExecutionStack())
        {
            throw new TemplateFailure("values or calls stand in each other too deep");
        }
    }
}
