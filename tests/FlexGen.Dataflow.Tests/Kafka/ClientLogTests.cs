using Confluent.Kafka;
using FlexGen.Dataflow.Kafka;
using Microsoft.Extensions.Logging;

namespace FlexGen.Dataflow.Tests.Kafka;

public sealed class ClientLogTests
{
    private readonly Clock clock = new();
    private readonly Lines lines = new();
    private readonly ClientLog log;

    public ClientLogTests() => log = new ClientLog("source.kafka", lines, clock);

    [Fact]
    public void Given_errors_for_minutes_when_added_then_the_first_is_reported_and_one_a_minute_with_how_many_were_left_out()
    {
        for (var second = 0; second <= 150; second++)
        {
            log.Add(new Error(ErrorCode.Local_Transport, $"refused in second {second}"));
            clock.Seconds++;
        }

        Assert.Equal(
            [
                "source.kafka: refused in second 0",
                "source.kafka: refused in second 60 (and 59 like it since the last such line)",
                "source.kafka: refused in second 120 (and 59 like it since the last such line)",
            ],
            lines.Written);
    }

    [Fact]
    public void Given_another_kind_of_error_when_added_then_it_is_reported_at_once()
    {
        log.Add(new Error(ErrorCode.Local_Transport, "refused"));
        log.Add(new Error(ErrorCode.Local_Transport, "refused"));
        log.Add(new Error(ErrorCode.Local_AllBrokersDown, "1/1 brokers are down"));
        Assert.Equal(["source.kafka: refused", "source.kafka: 1/1 brokers are down"], lines.Written);
    }

    [Fact]
    public void Given_brokers_that_answer_when_an_error_was_reported_then_that_is_reported_once()
    {
        log.Answered();
        Assert.Empty(lines.Written);
        log.Add(new Error(ErrorCode.Local_Transport, "refused"));
        Assert.True(log.IsFailing);
        log.Answered();
        log.Answered();
        Assert.False(log.IsFailing);
        // One broker of several that stays away: neither its errors nor the others' answers fill the log.
        log.Add(new Error(ErrorCode.Local_Transport, "refused"));
        log.Answered();
        Assert.Equal(["source.kafka: refused", "source.kafka: the brokers answer again"], lines.Written);
    }

    private sealed class Clock : TimeProvider
    {
        public int Seconds { get; set; }

        public override long TimestampFrequency => 1;

        public override long GetTimestamp() => Seconds;
    }

    private sealed class Lines : ILogger
    {
        public List<string> Written { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Written.Add(formatter(state, exception));
    }
}
