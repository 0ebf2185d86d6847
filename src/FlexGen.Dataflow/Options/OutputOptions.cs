using System.ComponentModel.DataAnnotations;

namespace FlexGen.Dataflow;

/// <summary>What an output may be, and what becomes of it. One of schema, regex and choices says what it may be.</summary>
public class OutputOptions
{
    private const string Structure = "{}[]\",:";

    /// <summary>The path of a JSON schema file. Outputs that are not JSON of this schema go to the dead letter.</summary>
    public string? Schema { get; set; }

    /// <summary>A regular expression of ECMA-262 that the whole output matches.</summary>
    public string? Regex { get; set; }

    /// <summary>The texts of which the output is one.</summary>
    [NoEmptyText]
    public IList<string> Choices { get; set; } = [];

    /// <summary>Tokens are chosen among those that can still lead to a document of the schema; not given: they are where a model generates.</summary>
    public bool? Constrain { get; set; }

    /// <summary>Where the rest of the budget is just enough for the shortest way to a whole output, that is taken; not given: it is.</summary>
    public bool? CloseInTime { get; set; }

    /// <summary><c>true</c>: the schema's properties are columns, too; <c>only</c>: in place of the output.</summary>
    [RegularExpression("(?i:true|false|only)", ErrorMessage = "{0} must be true, false or only.")]
    public string Columns { get; set; } = "false";

    /// <summary>What the model writes between the tokens of its reasoning is a column of its own, and no part of the output.</summary>
    public bool Reasoning { get; set; }

    /// <summary>Whether tokens are chosen among those that can still lead to what is asked for, where a model chooses them.</summary>
    public bool IsConstrained => Regex is not null || Choices.Count > 0 || (Schema is not null && Constrain != false);

    /// <summary>Whether the schema's properties are columns.</summary>
    public bool HasColumns => !Columns.Equals("false", StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether they take the output's place.</summary>
    internal bool HasColumnsOnly => Columns.Equals("only", StringComparison.OrdinalIgnoreCase);

    /// <summary>What is wrong, each error beginning with a key's path.</summary>
    /// <param name="generation">How outputs are generated.</param>
    public IEnumerable<string> Errors(GenerationOptions? generation)
    {
        (string? Value, string Name)[] ways = [(Schema, "schema"), (Regex, "regex"), (Choices.Count > 0 ? "" : null, "choices")];
        string[] given = [.. ways.Where(way => way.Value is not null).Select(way => way.Name)];
        if (given.Length == 0 && !Reasoning)
        {
            yield return "output.schema is missing. Write a JSON schema file's path there, or output.regex or output.choices; or leave output out, if any "
                + "text will do.";
        }

        if (given.Length > 1)
        {
            yield return $"output.{given[0]} and output.{given[1]} are both given: keep one of them.";
        }

        if (Schema is { Length: 0 })
        {
            yield return "output.schema must be the path of a JSON schema file; found ''.";
        }

        if (Choices.GroupBy(choice => choice, StringComparer.Ordinal).FirstOrDefault(same => same.Count() > 1) is { } twice)
        {
            yield return $"output.choices has '{twice.Key}' twice: leave one out.";
        }

        if (Schema is null)
        {
            foreach (var (name, isGiven) in new[] { ("constrain", Constrain is not null), ("columns", HasColumns) }.Where(option => option.Item2))
            {
                yield return $"output.{name} has no effect without output.schema: name a schema, or leave it out.";
            }
        }

        if (CloseInTime is not null && !IsConstrained)
        {
            yield return "output.closeInTime has no effect where outputs are not constrained: give output.schema without constrain: false, output.regex or "
                + "output.choices, or leave it out.";
        }

        if (IsConstrained && generation is not null && Clash(generation) is { } clash)
        {
            yield return clash;
        }
    }

    private string? Clash(GenerationOptions generation)
    {
        if (generation.IgnoreEos)
        {
            return "generation.ignoreEos goes past the token that ends a constrained output: leave it out, or constrain nothing"
                + (Schema is null ? "." : " (output.constrain: false).");
        }

        // What every document has would cut every document.
        if (Schema is not null && generation.Stop.FirstOrDefault(stop => stop.Length > 0 && stop.All(Structure.Contains)) is { } mark)
        {
            return $"generation.stop has '{mark}', which cuts a JSON document where it is not whole: leave it out, since a constrained output ends by "
                + "itself, or write output.constrain: false.";
        }

        if (Schema is null && generation.Stop.Count > 0)
        {
            return $"generation.stop has no place beside output.{(Regex is null ? "choices" : "regex")}, which says itself where an output ends: leave it out.";
        }

        return null;
    }
}
