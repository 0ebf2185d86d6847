using System.Text;

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

    /// <summary>Itself, once what goes through it is paid for.</summary>
    /// <exception cref="TemplateFailure">There were too many steps.</exception>
    public Text Paid()
    {
        Budget.OfThread?.Step(Units / Budget.CharactersPerStep);
        return this;
    }

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

        var part = new Text.Builder();
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
        var mapped = new Text.Builder();
        var at = 0;
        foreach (var (start, length) in Written.Append((Value.Length, 0)))
        {
            mapped.Append(change(Value[at..start]), isWritten: false);
            mapped.Append(change(Value.Substring(start, length)), isWritten: true);
            at = start + length;
        }

        return mapped.ToText();
    }

    /// <summary>Puts a text together. Where two pieces that the template wrote meet, what they write is one stretch.</summary>
    public sealed class Builder
    {
        private readonly StringBuilder characters = new();
        private readonly List<(int Start, int Length)> written = [];

        public int Units => characters.Length;

        public void Append(string value, bool isWritten)
        {
            if (isWritten)
            {
                AddWritten(characters.Length, value.Length, joins: true);
            }

            RequireRoom(value.Length);
            characters.Append(value);
        }

        public void Append(Text text) => Append(text, 0, text.Units);

        /// <summary>Appends the units of a text from one place to another.</summary>
        public void Append(Text text, int from, int to)
        {
            RequireRoom(to - from);
            var shift = characters.Length - from;
            foreach (var (start, length) in text.Written)
            {
                var first = Math.Max(start, from);
                var end = Math.Min(start + length, to);
                // Within a text stretches that touch have something empty of the record's between them.
                AddWritten(first + shift, end - first, joins: first == from);
            }

            characters.Append(text.Value, from, to - from);
        }

        public Text ToText() => characters.Length == 0 ? Text.Empty : new Text(characters.ToString(), [.. written]);

        private void RequireRoom(int length)
        {
            if (characters.Length + (long)length > Budget.MostCharacters)
            {
                throw new TemplateFailure($"it makes a text of more than {Budget.MostCharacters:N0} characters");
            }
        }

        private void AddWritten(int start, int length, bool joins)
        {
            if (length <= 0)
            {
                return;
            }

            if (joins && written.Count > 0 && written[^1].Start + written[^1].Length == start)
            {
                written[^1] = (written[^1].Start, written[^1].Length + length);
                return;
            }

            written.Add((start, length));
        }
    }
}
