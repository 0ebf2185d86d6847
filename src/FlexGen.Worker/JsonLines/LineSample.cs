using FlexGen.Dataflow;

namespace FlexGen.Worker.JsonLines;

/// <summary>The first lines of a file that are what they should be, and about how many it has.</summary>
/// <param name="Lines">Some.</param>
/// <param name="Count">All of them, estimated by the bytes of those that were read; null: the file has no length.</param>
internal sealed record LineSample(IReadOnlyList<InputLine> Lines, long? Count)
{
    /// <param name="path">A file. What can be read but once, such as a pipe, is left alone.</param>
    /// <param name="most">Lines that are read at the most.</param>
    /// <param name="parse">Reads a line.</param>
    public static LineSample Of(string path, int most, Func<string, InputLine> parse)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        if (!stream.CanSeek)
        {
            return new([], null);
        }

        using var reader = new StreamReader(stream);
        var (lines, read, characters) = (new List<InputLine>(), 0, 0L);
        while (read < most && reader.ReadLine() is { } text)
        {
            read++;
            characters += text.Length + 1;
            try
            {
                if (!string.IsNullOrWhiteSpace(text))
                {
                    lines.Add(parse(text));
                }
            }
            catch (Exception e) when (RecordException.IsOfRecord(e))
            {
                // It gets its error when its turn comes.
            }
        }

        return new(lines, read < most ? Math.Max(1, read) : Math.Max(read, read * stream.Length / Math.Max(1, characters)));
    }
}
