using System.Text;
using System.Text.RegularExpressions;

namespace FlexGen.Dataflow.Files;

/// <summary>
/// A pattern of paths, a word for each folder and one for the file: <c>*</c>, <c>?</c>, <c>[a-z]</c>, <c>{a,b}</c> and, for any number of
/// folders, <c>**</c>. A hidden name is matched by a word that begins as it does, and by nothing else.
/// </summary>
internal sealed partial class Glob
{
    private const string AnyFolders = "**";
    private const int MaxAlternatives = 1000;
    private static readonly Regex parquetFile = new(@"\.(parquet|parq|pq)\z", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant);

    private readonly IReadOnlyList<Word> words;

    private Glob(IReadOnlyList<Word> words) => this.words = words;

    /// <summary>Every file below a folder with an ending that Parquet files are given.</summary>
    public static Glob Dataset { get; } = new([new Word(null, '\0'), new Word(parquetFile, '\0')]);

    public static bool IsPattern(string text) => text.AsSpan().ContainsAny("*?[{");

    /// <summary>Whether a folder of this name is taken for a dataset where a file is meant: Spark writes such.</summary>
    public static bool IsDatasetName(string name) => parquetFile.IsMatch(name);

    public static Glob OfName(string name) => new([new Word(new Regex(@"\A" + Regex.Escape(name) + @"\z"), name[0])]);

    /// <summary>One for each choice among the alternatives.</summary>
    /// <exception cref="PipelineException">A brace or bracket is not closed, or there are too many alternatives.</exception>
    public static IReadOnlyList<Glob> Parse(string pattern)
    {
        var chosen = new List<string>();
        Choose("", pattern, pattern, chosen);
        return [.. chosen.Distinct().Select(one => new Glob([.. one.Split('/', StringSplitOptions.RemoveEmptyEntries).Select(word => WordOf(word, pattern))]))];
    }

    /// <summary>The places after <paramref name="at"/> when no folder is entered: any number of folders may be none.</summary>
    public IEnumerable<int> From(int at)
    {
        yield return at;
        while (at < words.Count - 1 && words[at].Name is null)
        {
            yield return ++at;
        }
    }

    /// <summary>The places to look for below a folder of this name that was found where <paramref name="at"/> is looked for.</summary>
    public IEnumerable<int> Below(int at, string name, bool isHiddenTaken = false)
    {
        if (!words[at].Matches(name, isHiddenTaken))
        {
            return [];
        }

        return words[at].Name is null ? From(at) : at + 1 < words.Count ? From(at + 1) : [];
    }

    /// <summary>Whether the pattern ends in a file of this name that was found where <paramref name="at"/> is looked for.</summary>
    public bool IsFile(int at, string name, bool isHiddenTaken = false) => at == words.Count - 1 && words[at].Matches(name, isHiddenTaken);

    private static void Choose(string before, string rest, string pattern, List<string> chosen)
    {
        var open = rest.IndexOf('{', StringComparison.Ordinal);
        if (open < 0)
        {
            chosen.Add(before + rest);
            if (chosen.Count > MaxAlternatives)
            {
                throw new PipelineDefinitionException(
                    $"source.parquet.path: the braces of {pattern} stand for more than {MaxAlternatives} patterns: use * where you can.");
            }

            return;
        }

        var commas = new List<int> { open };
        var depth = 0;
        for (var i = open; i < rest.Length; i++)
        {
            depth += rest[i] switch { '{' => 1, '}' => -1, _ => 0 };
            if (rest[i] == ',' && depth == 1)
            {
                commas.Add(i);
            }

            if (depth == 0)
            {
                commas.Add(i);
                for (var c = 0; c + 1 < commas.Count; c++)
                {
                    Choose(before + rest[..open], rest[(commas[c] + 1)..commas[c + 1]] + rest[(i + 1)..], pattern, chosen);
                }

                return;
            }
        }

        throw new PipelineDefinitionException($"source.parquet.path: a '{{' of {pattern} is not closed by '}}'.");
    }

    private static Word WordOf(string word, string pattern)
    {
        if (word == AnyFolders)
        {
            return new Word(null, '\0');
        }

        var regex = new StringBuilder(@"\A");
        for (var i = 0; i < word.Length; i++)
        {
            if (word[i] != '[')
            {
                regex.Append(word[i] switch { '*' => ".*", '?' => @"(?:[\uD800-\uDBFF][\uDC00-\uDFFF]|.)", var c => Regex.Escape($"{c}") });
                continue;
            }

            var isNegated = i + 1 < word.Length && word[i + 1] is '!' or '^';
            var start = i + (isNegated ? 2 : 1);
            // A bracket that comes first stands for itself.
            var end = start < word.Length ? word.IndexOf(']', start + 1) : -1;
            if (end < 0)
            {
                throw new PipelineDefinitionException($"source.parquet.path: a '[' of {pattern} is not closed by ']'.");
            }

            regex.Append(isNegated ? "[^" : "[").Append(Special().Replace(word[start..end], @"\$0")).Append(']');
            i = end;
        }

        try
        {
            const RegexOptions Options = RegexOptions.NonBacktracking | RegexOptions.Singleline | RegexOptions.CultureInvariant;
            return new Word(new Regex(regex.Append(@"\z").ToString(), Options), word[0]);
        }
        catch (ArgumentException)
        {
            throw new PipelineDefinitionException($"source.parquet.path: '{word}' of {pattern} is not a pattern: look at what is between '[' and ']'.");
        }
    }

    // What stands for itself between brackets here, and for something else in a regular expression.
    [GeneratedRegex(@"[\\\[\]^]")]
    private static partial Regex Special();

    // Writers keep what is not data, such as _SUCCESS and half-written files, under such names; a folder `_day=1` is one of a partition.
    private static bool IsHidden(string name) => name[0] == '.' || (name[0] == '_' && !name.Contains('=', StringComparison.Ordinal));

    // No name is any number of folders.
    private readonly record struct Word(Regex? Name, char First)
    {
        public bool Matches(string name, bool isHiddenTaken) =>
            (isHiddenTaken || !IsHidden(name) || First == name[0]) && Name?.IsMatch(name) != false;
    }
}
