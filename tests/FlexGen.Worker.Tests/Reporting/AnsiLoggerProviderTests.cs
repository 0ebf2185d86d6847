using System.Text.RegularExpressions;
using FlexGen.Worker.Reporting;
using Microsoft.Extensions.Logging;
using Spectre.Console;

namespace FlexGen.Worker.Tests.Reporting;

public sealed class AnsiLoggerProviderTests
{
    [Fact]
    public void Given_a_terminal_when_logged_then_the_line_says_date_time_and_offset()
    {
        using var written = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(written), Ansi = AnsiSupport.No });
        using var provider = new AnsiLoggerProvider(console, TimeProvider.System);
        provider.CreateLogger("any").Log(LogLevel.Warning, default, "disk is slow", null, (text, _) => text);
        Assert.Matches(new Regex(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d disk is slow\s*$"), written.ToString());
    }
}
