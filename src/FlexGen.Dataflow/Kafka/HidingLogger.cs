using Microsoft.Extensions.Logging;

namespace FlexGen.Dataflow.Kafka;

/// <summary>Logs without <see cref="Secrets"/>, which the client's messages may quote.</summary>
internal sealed class HidingLogger(ILogger log) : ILogger
{
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => log.BeginScope(state);

    public bool IsEnabled(LogLevel logLevel) => log.IsEnabled(logLevel);

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        log.Log(logLevel, eventId, state, exception, (s, e) => Secrets.Hide(formatter(s, e)));
}
