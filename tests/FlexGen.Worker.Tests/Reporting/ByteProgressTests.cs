using FlexGen.Worker.Reporting;
using Spectre.Console;

namespace FlexGen.Worker.Tests.Reporting;

public class ByteProgressTests
{
    [Fact]
    public void Given_a_terminal_when_bytes_are_done_then_the_bar_shows_them_to_the_end()
    {
        using var terminal = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.Yes,
            ColorSystem = ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.Yes,
            Out = new AnsiConsoleOutput(terminal),
        });
        using (var progress = ByteProgress.Start("compress", console))
        {
            progress.Show(512 << 10, 1 << 20);
            progress.Show(1 << 20, 1 << 20);
        }

        Assert.Contains("compress", terminal.ToString(), StringComparison.Ordinal);
        Assert.Contains("100%", terminal.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Given_no_terminal_when_bytes_are_done_then_nothing_is_shown()
    {
        using var progress = ByteProgress.Start("compress", null);
        progress.Show(1, 2);
    }
}
