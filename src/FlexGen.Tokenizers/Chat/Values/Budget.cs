using System.Runtime.CompilerServices;

namespace FlexGen.Tokenizers.Chat.Values;

/// <summary>What one rendering may take: a template can loop for as long as it likes.</summary>
internal sealed class Budget
{
    public const int MostCalls = 100;

    /// <summary>How deep expressions and blocks may stand in each other.</summary>
    public const int MostNested = 100;
    public const int MostCharacters = 16 << 20;
    public const int MostSteps = 10_000_000;
    public const int CharactersPerStep = 16;

    [ThreadStatic]
    private static Budget? ofThread;

    private int steps;
    private int calls;

    /// <summary>The budget of what this thread renders; null: it renders nothing.</summary>
    public static Budget? OfThread => ofThread;

    public T While<T>(Func<T> work)
    {
        ofThread = this;
        try
        {
            return work();
        }
        finally
        {
            ofThread = null;
        }
    }

    /// <exception cref="TemplateFailure">There were too many.</exception>
    public void Step(int count = 1)
    {
        steps += Math.Min(count, MostSteps);
        if (steps > MostSteps)
        {
            throw new TemplateFailure($"it takes more than {MostSteps:N0} steps");
        }
    }

    /// <summary>Pays for a step of what goes into values, which may stand in each other in many places.</summary>
    /// <exception cref="TemplateFailure">There is no room to go deeper, or there were too many steps.</exception>
    public static void GoDeeper()
    {
        OfThread?.Step();
        if (!RuntimeHelpers.TryEnsureSufficientExecutionStack())
        {
            throw new TemplateFailure("values or calls stand in each other too deep");
        }
    }

    /// <summary>Pays for a text or a list that is made.</summary>
    /// <exception cref="TemplateFailure">It is too long.</exception>
    public void Make(long length)
    {
        if (length > MostCharacters)
        {
            throw new TemplateFailure($"it makes a text or a list of more than {MostCharacters:N0} characters or elements");
        }

        Step((int)(length / CharactersPerStep) + 1);
    }

    public T Call<T>(Func<T> call)
    {
        if (++calls > MostCalls)
        {
            throw new TemplateFailure($"macros call each other more than {MostCalls} deep");
        }

        GoDeeper();
        var result = call();
        calls--;
        return result;
    }
}
