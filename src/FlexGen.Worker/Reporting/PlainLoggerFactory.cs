using FlexGen.Dataflow;
using Microsoft.Extensions.Logging;

namespace FlexGen.Worker.Reporting;

/// <summary>Makes loggers whose messages, whatever they quote, neither steer a terminal nor look like lines of their own.</summary>
internal sealed class PlainLoggerFactory(ILoggerFactory factory) : ILoggerFactory
{
    public ILogger CreateLogger(string categoryName) => new PlainLogger(factory.CreateLogger(categoryName));

    public void AddProvider(ILoggerProvider provider) => factory.AddProvider(provider);

    public void Dispose() => factory.Dispose();

    private sealed class PlainLogger(ILogger log) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => log.BeginScope(state);

        public bool IsEnabled(LogLevel logLevel) => log.IsEnabled(logLevel);

        // An exception is part of the message here, for providers write it as it is.
        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            log.Log(logLevel, eventId, state, null, (s, _) => string.Join(
                Environment.NewLine + "  ",
                (exception is null ? [] : ErrorStream.Trace(exception)).Prepend(formatter(s, exception)).Select(Excerpt.Plain)));
    }
}
