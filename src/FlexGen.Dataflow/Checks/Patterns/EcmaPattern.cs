using System.Text;
using System.Text.RegularExpressions;
using FlexGen.Schemas;

namespace FlexGen.Dataflow.Checks.Patterns;

/// <summary>
/// A regular expression as ECMA-262 means it with the flag u, over code points: digits and words are ASCII, <c>$</c> is the very end. It
/// is matched in linear time, except where it looks around or repeats too much for that; then within a time limit.
/// </summary>
internal sealed class EcmaPattern
{
    /// <summary>The longest that one match may take.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(1);

    private readonly Regex regex;

    /// <exception cref="PatternException">It is no such expression.</exception>
    public EcmaPattern(string text)
    {
        Text = text;
        var translated = new StringBuilder();
        var parser = new PatternParser(text, translated);
        parser.Parse();
        regex = parser.LooksAround ? Backtracking(translated) : Linear(translated);
    }

    public string Text { get; }

    /// <exception cref="PatternException">It is no such expression.</exception>
    public static void Check(string text) => new PatternParser(text, null).Parse();

    /// <exception cref="RegexMatchTimeoutException">It takes longer than <see cref="Limit"/>.</exception>
    public bool IsMatch(string text) => regex.IsMatch(text);

    private static Regex Linear(StringBuilder translated)
    {
        try
        {
            return new Regex(translated.ToString(), RegexOptions.NonBacktracking | RegexOptions.CultureInvariant, Limit);
        }
        catch (NotSupportedException)
        {
            // Its repetitions, written out, are more than the linear engine takes.
            return Backtracking(translated);
        }
    }

    private static Regex Backtracking(StringBuilder translated) => new(translated.ToString(), RegexOptions.CultureInvariant, Limit);
}
