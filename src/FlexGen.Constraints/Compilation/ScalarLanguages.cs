using System.Text.Json;
using FlexGen.Constraints.Formats;
using FlexGen.Constraints.Numbers;
using FlexGen.Constraints.Patterns;
using FlexGen.Constraints.Regexes;
using FlexGen.Constraints.Schemas;
using FlexGen.Schemas;

namespace FlexGen.Constraints.Compilation;

/// <summary>
/// The texts, numbers and words that a schema allows, as languages. Whatever connects schemas connects languages, complements too, so that all of it is exact;
/// a keyword that no language can be had for is found to be unenforced.
/// </summary>
/// <param name="library">The schemas.</param>
/// <param name="algebra">Makes the languages.</param>
/// <param name="findings">Takes what is not enforced.</param>
internal sealed class ScalarLanguages(SchemaLibrary library, RegexAlgebra algebra, Findings findings)
{
    private readonly PatternLanguage patterns = new(algebra);
    private readonly NumberLanguages numbers = new(algebra);
    private readonly Dictionary<(int, ScalarKind, bool), (RegexNode Language, bool IsExact)> known = [];
    private readonly Dictionary<string, RegexNode?> knownPatterns = [];
    private readonly HashSet<(int, ScalarKind, bool)> open = [];
    private FormatLanguages? formats;

    /// <summary>What all of some schemas allow.</summary>
    public RegexNode Find(ReadOnlySpan<int> signed, ScalarKind kind)
    {
        var language = signed.Length == 0 || kind != ScalarKind.Text ? Universe(kind) : algebra.Any;
        foreach (var each in signed)
        {
            language = algebra.And(language, FindOne(each, kind));
        }

        return algebra.IsAlive(language) ? language : algebra.None;
    }

    /// <summary>The texts that a pattern is found in; null where that is unknown, which is found.</summary>
    public RegexNode? Pattern(string pattern, string keyword, string schema)
    {
        try
        {
            if (!knownPatterns.TryGetValue(pattern, out var language))
            {
                knownPatterns[pattern] = language = patterns.Search(pattern);
            }

            return language;
        }
        catch (PatternException e)
        {
            findings.Add(keyword, schema, $"in the pattern '{pattern}', {e.Message}");
            return null;
        }
    }

    private RegexNode FindOne(int signed, ScalarKind kind)
    {
        if (!Signed.IsNegated(signed))
        {
            return Find(Signed.Schema(signed), kind, isWide: false).Language;
        }

        var (language, isExact) = Find(Signed.Schema(signed), kind, isWide: true);
        if (!isExact)
        {
            findings.AddAt(library[Signed.Schema(signed)].Location, "what it refuses has a keyword that cannot be turned around");
        }

        return isExact ? Not(language, kind) : Universe(kind);
    }

    private RegexNode Universe(ScalarKind kind) => kind switch
    {
        ScalarKind.Text => algebra.Any,
        ScalarKind.Number => numbers.All,
        _ => algebra.Literals(["null", "true", "false"]),
    };

    private RegexNode Not(RegexNode language, ScalarKind kind) =>
        algebra.And(kind == ScalarKind.Number ? numbers.Normal : Universe(kind), algebra.Not(language));

    /// <param name="number">The schema.</param>
    /// <param name="kind">What of it.</param>
    /// <param name="isWide">With every way to write a number, for what is to be refused; otherwise with those that are good enough to write one.</param>
    private (RegexNode Language, bool IsExact) Find(int number, ScalarKind kind, bool isWide)
    {
        var key = (number, kind, isWide && kind == ScalarKind.Number);
        if (known.TryGetValue(key, out var found))
        {
            return found;
        }

        if (!open.Add(key))
        {
            throw new ConstraintException(library[number].Location, "leads back to itself for the same value");
        }

        System.Runtime.CompilerServices.RuntimeHelpers.EnsureSufficientExecutionStack();
        found = Make(library[number], kind, key.Item3);
        open.Remove(key);
        return known[key] = found;
    }

    private (RegexNode, bool) Make(Schema schema, ScalarKind kind, bool isWide)
    {
        var (language, isExact) = schema.RefusesAll ? (algebra.None, true) : Own(schema, kind, isWide);
        foreach (var each in schema.Reference >= 0 ? [schema.Reference, .. schema.AllOf] : schema.AllOf)
        {
            Narrow(Find(each, kind, isWide));
        }

        if (schema.AnyOf is { } any)
        {
            var all = Array.ConvertAll(any, each => Find(each, kind, isWide));
            Narrow((algebra.Or(Array.ConvertAll(all, each => each.Language)), Array.TrueForAll(all, each => each.IsExact)));
        }

        if (schema.OneOf is { } one)
        {
            Narrow(OneOf(schema, one, kind, isWide));
        }

        if (schema.Not >= 0)
        {
            Narrow(Complement(schema.Not, kind, isWide, "not", schema));
        }

        if (schema.If >= 0)
        {
            var condition = Find(schema.If, kind, isWide);
            var otherwise = schema.Then < 0 && schema.Else < 0 ? (algebra.Any, true) : Complement(schema.If, kind, isWide, "if", schema);
            var then = schema.Then < 0 ? (algebra.Any, true) : Find(schema.Then, kind, isWide);
            var @else = schema.Else < 0 ? (algebra.Any, true) : Find(schema.Else, kind, isWide);
            Narrow((
                algebra.Or(algebra.And(condition.Language, then.Item1), algebra.And(otherwise.Item1, @else.Item1)),
                condition.IsExact && otherwise.Item2 && then.Item2 && @else.Item2));
        }

        return (language, isExact);

        void Narrow((RegexNode Language, bool IsExact) other)
        {
            language = algebra.And(language, other.Language);
            isExact &= other.IsExact;
        }
    }

    private (RegexNode, bool) Complement(int number, ScalarKind kind, bool isWide, string keyword, Schema schema)
    {
        var (language, isExact) = Find(number, kind, !isWide);
        if (isExact)
        {
            return (Not(language, kind), true);
        }

        findings.Add(keyword, schema.Location, "what it refuses has a keyword that is not enforced");
        return (algebra.Any, false);
    }

    private (RegexNode, bool) OneOf(Schema schema, int[] one, ScalarKind kind, bool isWide)
    {
        var all = Array.ConvertAll(one, each => Find(each, kind, isWide));
        var alone = new List<RegexNode>();
        var isExact = true;
        for (var i = 0; i < one.Length; i++)
        {
            var language = all[i].Language;
            isExact &= all[i].IsExact;
            for (var j = 0; j < one.Length; j++)
            {
                if (i == j || language.IsEmpty || all[j].Language.IsEmpty || !algebra.IsAlive(algebra.And(language, all[j].Language)))
                {
                    continue;
                }

                var (others, isKnown) = Complement(one[j], kind, isWide, "oneOf", schema);
                language = algebra.And(language, others);
                isExact &= isKnown;
            }

            alone.Add(language);
        }

        return (algebra.Or([.. alone]), isExact);
    }

    private (RegexNode, bool) Own(Schema schema, ScalarKind kind, bool isWide)
    {
        var listed = algebra.Any;
        foreach (var values in schema.Listed)
        {
            listed = algebra.And(listed, Listed(values, kind, isWide));
        }

        switch (kind)
        {
            case ScalarKind.Word:
                var words = new List<string>();
                words.AddRange(schema.Types.HasFlag(JsonTypes.Null) ? ["null"] : []);
                words.AddRange(schema.Types.HasFlag(JsonTypes.Boolean) ? ["true", "false"] : []);
                return (algebra.And(algebra.Literals(words), listed), true);
            case ScalarKind.Number:
                var (number, isExact) = OwnNumber(schema, isWide);
                return (algebra.And(number, listed), isExact);
            default:
                if (!schema.Types.HasFlag(JsonTypes.String))
                {
                    return (algebra.None, true);
                }

                var (text, isKnown) = OwnText(schema);
                return (algebra.And(text, listed), isKnown);
        }
    }

    private RegexNode Listed(JsonElement[] values, ScalarKind kind, bool isWide) => kind switch
    {
        ScalarKind.Text => algebra.Literals(values.Where(value => value.ValueKind == JsonValueKind.String).Select(value => value.GetString()!)),
        ScalarKind.Word => algebra.Literals(values.Where(value => value.ValueKind is JsonValueKind.Null or JsonValueKind.True or JsonValueKind.False)
            .Select(value => value.GetRawText())),
        _ => algebra.Or([.. values.Where(value => value.ValueKind == JsonValueKind.Number).Select(value =>
            isWide && DecimalNumber.Of(value) is { } number ? numbers.Same(number) : numbers.Written(value))]),
    };

    private (RegexNode, bool) OwnNumber(Schema schema, bool isWide)
    {
        if (!schema.Types.HasFlag(JsonTypes.Integer))
        {
            return (algebra.None, true);
        }

        var language = schema.Types.HasFlag(JsonTypes.Number) ? numbers.All : isWide ? numbers.MaybeIntegers : numbers.Integers;
        if (schema.Min is not null || schema.Max is not null)
        {
            language = algebra.And(language, numbers.Range(schema.Min, schema.Max, isWide));
        }

        if (schema.MultipleOf is null)
        {
            return (language, true);
        }

        var multiples = numbers.Multiples(schema.MultipleOf);
        if (multiples is null)
        {
            findings.Add("multipleOf", schema.Location, "it has more remainders than can be told apart");
        }

        return (algebra.And(language, multiples ?? algebra.Any), multiples is not null && !isWide);
    }

    private (RegexNode, bool) OwnText(Schema schema)
    {
        var language = algebra.Any;
        var isExact = true;
        if (schema.MinLength > 0 || schema.MaxLength < long.MaxValue)
        {
            var max = schema.MaxLength < int.MaxValue ? (int)schema.MaxLength : RegexAlgebra.Endless;
            language = schema.MinLength > max ? algebra.None : algebra.Loop(algebra.Set(CodePointSet.All), (int)Math.Min(schema.MinLength,
                int.MaxValue - 1), max);
        }

        if (schema.Pattern is { } pattern)
        {
            Add("pattern", Pattern(pattern, "pattern", schema.Location));
        }

        if (schema.Format is { } format)
        {
            formats ??= new FormatLanguages(algebra, patterns);
            Add("format", formats.Find(format) ?? Unknown(schema, format));
        }

        return (language, isExact);

        void Add(string keyword, RegexNode? texts)
        {
            var both = texts is null ? language : algebra.And(language, texts);
            isExact &= texts is not null;
            if (texts is not null && !language.IsEmpty && !texts.IsEmpty && !algebra.IsAlive(both))
            {
                // Perhaps there are none; perhaps there are, and too much was to be seen through.
                findings.Add(keyword, schema.Location, "no text is found that fits this and the length, pattern or format beside it");
            }

            language = both;
        }
    }

    private RegexNode? Unknown(Schema schema, string format)
    {
        findings.Add("format", schema.Location, format == "regex" ? "no automaton tells expressions from other texts" : $"the format '{format}' is not known");
        return null;
    }
}
