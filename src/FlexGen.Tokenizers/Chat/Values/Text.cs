namespace FlexGen.Tokenizers.Chat.Values;

/// <summary>A string that knows of each of its characters whether the template wrote it or data brought it: what data brings
/// is never a control token, whatever is done with it on its way.</summary>
/// <param name="Value">The characters.</param>
/// <param name="Written">The stretches that the template wrote, in UTF-16 units, in order, none of them empty.</param>
internal sealed record Text(string Value, IReadOnlyList<(int Start, int Length)> Written)
{
    public static readonly Text Empty = new("", []);

    private int[]? starts;
    private bool? hasSurrogates;

    public int Units => Value.Length;

    /// <summary>How many characters it has to Python, which counts code points.</summary>
    public int Length => HasSurrogates ? Starts.Length - 1 : Value.Length;

    private bool HasSurrogates => hasSurrogates ??= Value.AsSpan().ContainsAnyInRange('\uD800', '\uDFFF');

    // Where each code point begins, and the end.
    private int[] Starts => starts ??=
        [.. Enumerable.Range(0, Value.Length).Where(i => i == 0 || !char.IsSurrogatePair(Value[i - 1], Value[i])), Value.Length];

    public static Text OfTemplate(string value) => new(value, value.Length == 0 ? [] : [(0, value.Length)]);

    public static Text OfData(string value) => new(value, []);

    public static Text Of(string value, bool isWritten) => isWritten ? OfTemplate(value) : OfData(value);

    public bool Equals(Text? other) => Value == other?.Value;

    public override int GetHashCode() => Value.GetHashCode(StringComparison.Ordinal);

    public override string ToString() => Value;

    /// <summary>The characters from one place to another, counted in code points.</summary>
    public Text Characters(int from, int to) => HasSurrogates ? Part(Starts[from], Starts[to]) : Part(from, to);

    /// <summary>The code point at which a place in UTF-16 units stands.</summary>
    public int CharacterAt(int unit) => HasSurrogates ? Array.BinarySearch(Starts, unit) is >= 0 and var at ? at : 0 : unit;

    /// <summary>The units from one place to another.</summary>
    public Text Part(int from, int to)
    {
        if (from == 0 && to == Value.Length)
        {
            return this;
        }

        if (to <= from)
        {
            return Empty;
        }

        var part = new TextBuilder();
        part.Append(this, from, to);
        return part.ToText();
    }

    /// <summary>Each code point by itself.</summary>
    public IEnumerable<Text> Each()
    {
        for (var i = 0; i < Length; i++)
        {
            yield return Characters(i, i + 1);
        }
    }

    /// <summary>The same stretches, each changed as a string.</summary>
    public Text Map(Func<string, string> change)
    {
        var mapped = new TextBuilder();
        var at = 0;
        foreach (var (start, length) in Written.Append((Value.Length, 0)))
        {
            mapped.Append(change(Value[at..start]), isWritten: false);
            mapped.Append(change(Value.Substring(start, length)), isWritten: true);
            at = start + length;
        }

        return mapped.ToText();
    }
}
