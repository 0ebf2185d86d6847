using System.Text;

namespace FlexGen.Tokenizers.Chat.Values;

/// <summary>Puts a text together. Where two pieces that the template wrote meet, what they write is one stretch.</summary>
internal sealed class TextBuilder
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
