using System.Text;

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
