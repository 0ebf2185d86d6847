using System.Text;
using FlexGen.Dataflow;

namespace FlexGen.Worker.Reporting;

/// <summary>
/// The error stream for as long as there is one: when its terminal has been closed or its disk is full, what is written is lost, and the
/// work goes on.
/// </summary>
internal sealed class ErrorStream(TextWriter stream) : TextWriter
{
    public override Encoding Encoding => stream.Encoding;

    /// <summary>Makes it the process's.</summary>
    public static void Install() => Console.SetError(new ErrorStream(Console.Error));

    /// <summary>Writes what people should know. The lines may quote anything: none of it steers the terminal or looks like a line of its own.</summary>
    /// <param name="kind">What it is: an error, say.</param>
    /// <param name="lines">The first, and those that stand indented below it.</param>
    public static void Say(string kind, params IReadOnlyList<string> lines) =>
        Console.Error.WriteLine($"{kind}: {string.Join(Environment.NewLine + "  ", lines.Select(Excerpt.Plain))}");

    /// <summary>What an exception and those within it say, and where they arose.</summary>
    public static IReadOnlyList<string> Trace(Exception exception)
    {
        var lines = new List<string>();
        for (var e = exception; e is not null; e = e.InnerException)
        {
            lines.Add($"{e.GetType()}: {e.Message}");
            lines.AddRange(e.StackTrace?.Split('\n', StringSplitOptions.TrimEntries) ?? []);
        }

        return lines;
    }

    public override void Write(char value) => Try(() => stream.Write(value));

    public override void Write(string? value) => Try(() => stream.Write(value));

    public override void Write(char[] buffer, int index, int count) => Try(() => stream.Write(buffer, index, count));

    public override void WriteLine(string? value) => Try(() => stream.WriteLine(value));

    public override void Flush() => Try(stream.Flush);

    private static void Try(Action write)
    {
        try
        {
            write();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
        }
    }
}
