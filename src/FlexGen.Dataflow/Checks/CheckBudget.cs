using System.Text.RegularExpressions;
using FlexGen.Dataflow.Checks.Patterns;

namespace FlexGen.Dataflow.Checks;

/// <summary>
/// Bounds the work of checking one output, which grows without end for some schemas: alternatives that refer to themselves double it with
/// each level, a pattern that backtracks with each character.
/// </summary>
internal sealed class CheckBudget(TimeProvider time)
{
    /// <summary>Schemas applied to values: a second or two.</summary>
    public const int MaxSteps = 10_000_000;

    private int steps;
    private TimeSpan matching;

    /// <exception cref="RecordException">The check takes too long.</exception>
    public void Step()
    {
        if (++steps > MaxSteps)
        {
            throw TooLong($"it takes more than {MaxSteps:N0} steps; alternatives that refer to themselves multiply them");
        }
    }

    /// <exception cref="RecordException">The check takes too long.</exception>
    public bool IsMatch(EcmaPattern pattern, string text)
    {
        var start = time.GetTimestamp();
        try
        {
            return matching <= EcmaPattern.Limit ? pattern.IsMatch(text) : throw new RegexMatchTimeoutException();
        }
        catch (RegexMatchTimeoutException)
        {
            throw TooLong(
                $"the pattern '{Excerpt.Of(pattern.Text)}' takes more than {EcmaPattern.Limit.TotalSeconds} s on a text of {text.Length} characters; "
                + "write it without nested repetition or looking around");
        }
        finally
        {
            matching += time.GetElapsedTime(start);
        }
    }

    public static RecordException TooLong(string why) => new("check_too_long", $"the output cannot be held against the schema: {why}.");
}
