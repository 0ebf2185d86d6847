using System.Globalization;
using Microsoft.Extensions.Logging;
using Spectre.Console;

namespace FlexGen.Worker.Reporting;

/// <summary>Writes log lines through the console that draws the progress bar, so that they stand above it.</summary>
internal sealed class AnsiLoggerProvider(IAnsiConsole console, TimeProvider time) : ILoggerProvider
{
    /// <summary>How a log line says when it was written, wherever it goes.</summary>
    public const string TimestampFormat = "yyyy-MM-dd'T'HH:mm:sszzz ";

    public ILogger CreateLogger(string categoryName) => new AnsiLogger(console, time);

    public void Dispose()
    {
    }

    private sealed class AnsiLogger(IAnsiConsole console, TimeProvider time) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            var style = logLevel switch
            {
                >= LogLevel.Error => new Style(Color.Red),
                LogLevel.Warning => new Style(Color.Yellow),
                _ => Style.Plain,
            };
            console.WriteLine(time.GetLocalNow().ToString(TimestampFormat, CultureInfo.InvariantCulture) + formatter(state, exception), style);
        }
    }
}
