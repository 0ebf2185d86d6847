using Microsoft.Extensions.Logging;

namespace FlexGen.Worker.Reporting;

/// <summary>The log of a command that has none: warnings, what takes long, and which devices are taken, go to the error stream as all it has to say.</summary>
/// <param name="command">Its name.</param>
internal sealed class CommandLogger(string command) : ILogger
{
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (logLevel >= LogLevel.Warning)
        {
            Report.Warn(formatter(state, exception));
        }
        else if (eventId.Id is WorkerLog.Measuring or WorkerLog.Devices)
        {
            ErrorStream.Say(command, formatter(state, exception));
        }
    }
}
