namespace FlexGen.Tokenizers.Chat.Values;

/// <summary>What one rendering may take: a template can loop for as long as it likes.</summary>
internal sealed class Budget
{
    public const int MostCalls = 100;
    public const int MostCharacters = 16 << 20;
    public const int MostSteps = 10_000_000;
    private const int CharactersPerStep = 16;

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

    /// <summary>Pays for what goes through a text.</summary>
    /// <exception cref="TemplateFailure">There were too many steps.</exception>
    public static Text Read(Text text)
    {
        OfThread?.Step(text.Units / CharactersPerStep);
        return text;
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

        Nesting.Require();
        var result = call();
        calls--;
        return result;
    }
}
