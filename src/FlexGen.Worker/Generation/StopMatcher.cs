using System.Text;
using FlexGen.Tokenizers;

namespace FlexGen.Worker.Generation;

/// <summary>Decodes a sequence token by token and finds the first stop string, also where it spans tokens.</summary>
internal sealed class StopMatcher(StopTexts stops, Func<int, string> append, Func<string> flush)
{
    private readonly int longest = stops.Texts.Count == 0 ? 0 : stops.Texts.Max(s => s.Length);
    private readonly StringBuilder text = new();

    public StopMatcher(StopTexts stops, IncrementalDecoder decoder)
        : this(stops, decoder.Append, decoder.Flush)
    {
    }

    /// <summary>Whether a stop string was found.</summary>
    public bool Stopped { get; private set; }

    /// <summary>Takes the next token; true when the text now holds a stop string.</summary>
    public bool Append(int token) =>
        // A letter whose bytes are not all there comes before the mark, and ends with it.
        (stops.Mark(token) is { } mark && Add(flush() + mark)) || Add(append(token));

    /// <summary>The text before the first stop string, or all of it.</summary>
    public string Finish()
    {
        Add(Stopped ? "" : flush());
        return stops.Visible(text.ToString());
    }

    private bool Add(string piece)
    {
        if (piece.Length == 0 || Stopped)
        {
            return Stopped;
        }

        var from = Math.Max(0, text.Length - longest + 1);
        text.Append(piece);
        var tail = text.ToString(from, text.Length - from);
        var first = stops.Texts.Select(s => tail.IndexOf(s, StringComparison.Ordinal)).Where(i => i >= 0).DefaultIfEmpty(-1).Min();
        if (first >= 0)
        {
            text.Length = from + first;
            Stopped = true;
        }

        return Stopped;
    }
}
