using System.Text;
using Confluent.Kafka;
using FlexGen.Dataflow.Kafka.Sink;
using FlexGen.Dataflow.Records;
using FlexGen.Dataflow.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Record = FlexGen.Dataflow.Records.Record;

namespace FlexGen.Dataflow.Tests.Kafka.Sink;

/// <summary>A dead letter fits its topic, whatever the message and whatever the topic takes.</summary>
public sealed class DeadLetterTests
{
    /// <summary>What a broker takes where nothing is set, and what every message's batch has beside it.</summary>
    private const int DefaultLimit = 1_048_588;
    private const int BatchBytes = 61;
    private readonly Assignment assignment = new("requests[3]", new TopicPartition("requests", 3));
    private readonly List<Record> delivered = [];

    [Theory]
    [InlineData("small", DefaultLimit, nameof(DeadLetterContent.All))]
    [InlineData("value", DefaultLimit, nameof(DeadLetterContent.WithoutValue))]
    [InlineData("headers", DefaultLimit, nameof(DeadLetterContent.WithoutHeaders))]
    [InlineData("key", DefaultLimit, nameof(DeadLetterContent.WithoutKey))]
    [InlineData("error", DefaultLimit, nameof(DeadLetterContent.All))]
    [InlineData("small", 1500, nameof(DeadLetterContent.All))]
    [InlineData("error", 1100, nameof(DeadLetterContent.Reason))]
    [InlineData("key", 500, nameof(DeadLetterContent.Reason))]
    [InlineData("headers", 150, nameof(DeadLetterContent.Origin))]
    [InlineData("small", 150, nameof(DeadLetterContent.Origin))]
    public async Task What_the_brokers_refuse_becomes_smaller_until_they_take_it(string large, int limit, string content)
    {
        var expected = Enum.Parse<DeadLetterContent>(content);
        var taken = await CommitAsync(Failed(large), limit);
        var dead = Assert.Single(taken, message => message.Topic == "dead");
        Assert.Equal(2, taken.Count(message => message.Topic == "results"));
        Assert.Equal(3, delivered.Count);

        var message = Failed(large).Message!;
        Assert.Equal(expected < DeadLetterContent.WithoutValue ? message.Value : null, dead.Message.Value);
        Assert.Equal(expected < DeadLetterContent.WithoutKey ? message.Key : "requests[3]@1"u8.ToArray(), dead.Message.Key);
        Assert.Equal(expected < DeadLetterContent.WithoutHeaders ? "1" : null, Header(dead, "trace"));
        var hasReason = expected < DeadLetterContent.Origin;
        Assert.Equal(hasReason ? "schema_violation" : null, Header(dead, "flexgen.reason"));
        Assert.Equal(hasReason ? "1" : null, Header(dead, "flexgen.origin.offset"));
        Assert.Equal(hasReason && expected >= DeadLetterContent.WithoutValue ? $"{message.Value!.Length}" : null, Header(dead, "flexgen.dropped.value"));
        Assert.Equal(hasReason && expected >= DeadLetterContent.WithoutHeaders ? $"{message.Headers.Sum(h => h.Key.Length + h.GetValueBytes().Length)}" : null, Header(dead, "flexgen.dropped.headers"));
        Assert.Equal(hasReason && expected >= DeadLetterContent.WithoutKey ? $"{message.Key!.Length}" : null, Header(dead, "flexgen.dropped.key"));
    }

    /// <summary>A compacted topic takes no message without a key, however small, and keeps the last of each key.</summary>
    [Theory]
    [InlineData("keyless", nameof(DeadLetterContent.Keyed))]
    [InlineData("value and no key", nameof(DeadLetterContent.WithoutValue))]
    [InlineData("key", nameof(DeadLetterContent.WithoutKey))]
    public async Task What_a_compacted_topic_refuses_has_its_origin_as_the_key_and_keeps_the_rest(string large, string content)
    {
        var hasValue = Enum.Parse<DeadLetterContent>(content) < DeadLetterContent.WithoutValue;
        var taken = await CommitAsync(Failed(large), DefaultLimit, needsKey: true);
        var dead = Assert.Single(taken, message => message.Topic == "dead");
        var message = Failed(large).Message!;
        Assert.Equal("requests[3]@1"u8.ToArray(), dead.Message.Key);
        Assert.Equal(hasValue ? message.Value : null, dead.Message.Value);
        Assert.Equal("schema_violation", Header(dead, "flexgen.reason"));
        Assert.Equal("answer", Header(dead, "flexgen.output"));
        Assert.Equal(hasValue ? null : $"{message.Value!.Length}", Header(dead, "flexgen.dropped.value"));
        Assert.Equal(message.Key is { } key ? $"{key.Length}" : null, Header(dead, "flexgen.dropped.key"));
    }

    [Theory]
    [InlineData("a", 600_000)]
    [InlineData("é", 600_000)]
    [InlineData("\U0001F600", 300_000)]
    public void Reason_error_and_output_are_cut_and_say_so(string letter, int count)
    {
        var text = string.Concat(Enumerable.Repeat(letter, count));
        var record = Record(1, "{}");
        record.Completion = new Completion(text, "stop", 1, 1);
        record.Fail("schema_violation", text);
        var message = Format().Message(record, DeadLetterContent.All);
        foreach (var name in new[] { "flexgen.error", "flexgen.output" })
        {
            var value = message.Message.Headers.Single(h => h.Key == name).GetValueBytes();
            Assert.InRange(value.Length, 1000, DeadLetterFormat.MaxTextBytes);
            var found = Encoding.UTF8.GetString(value);
            Assert.DoesNotContain('\uFFFD', found);
            Assert.StartsWith(text[..400], found, StringComparison.Ordinal);
            Assert.Contains($"{Encoding.UTF8.GetByteCount(text)} bytes in all", found, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_result_that_does_not_fit_becomes_a_dead_letter_which_does()
    {
        var record = Record(1, "{}", "headers");
        Complete(record);
        var taken = await CommitAsync(record, DefaultLimit);
        var dead = Assert.Single(taken, message => message.Topic == "dead");
        Assert.Equal("result_refused", Header(dead, "flexgen.reason"));
        Assert.Null(Header(dead, "trace"));
        Assert.Equal("answer", Header(dead, "flexgen.output"));
        Assert.Equal(3, delivered.Count);
    }

    [Fact]
    public async Task A_topic_that_does_not_take_even_an_origin_is_named_and_ends_the_run()
    {
        var e = await Assert.ThrowsAsync<PipelineException>(() => CommitAsync(Failed("small"), 10));
        Assert.Contains("max.message.bytes", e.Message, StringComparison.Ordinal);
        Assert.Contains("requests[3]@", e.Message, StringComparison.Ordinal);
    }

    /// <summary>Commits the record between two that have results, to brokers that take messages of at most so many bytes, and dead letters with a key only.</summary>
    private async Task<List<OutgoingMessage>> CommitAsync(Record record, int limit, bool needsKey = false)
    {
        var records = new UncommittedRecords(100, 100, long.MaxValue);
        var writer = new Writer(limit, needsKey);
        var committer = new RecordCommitter(records, Format(), writer, new Positions(), TimeSpan.Zero, delivered.Add, NullLogger.Instance);
        Record[] read = [Complete(Record(0, "{}")), record, Complete(Record(2, "{}"))];
        await records.ExpectAsync(read, CancellationToken.None);
        records.Finish(read);
        for (var n = 0; n < 50 && delivered.Count < read.Length; n++)
        {
            committer.TryWrite();
            committer.TryCommit();
        }

        return writer.Taken;
    }

    private static ResultFormat Format() => new("results", "dead", new RecordJson(RowSchema.Empty, isJson: true, isWhole: true));

    private Record Failed(string large)
    {
        var record = Record(1, large.StartsWith("value", StringComparison.Ordinal) ? new string('v', 1_048_500) : "not JSON", large);
        record.Completion = new Completion("answer", "stop", 1, 1);
        record.Fail("schema_violation", large == "error" ? new string('e', 1_200_000) : "no");
        return record;
    }

    private Record Record(long offset, string value, string large = "") => new(assignment, offset, Rows.Empty, 0)
    {
        Message = new()
        {
            Key = large == "key" ? new byte[1_048_450] : large is "keyless" or "value and no key" ? null : [1],
            Value = Encoding.UTF8.GetBytes(value),
            Headers = [new Header("trace", "1"u8.ToArray()), .. Enumerable.Range(0, large == "headers" ? 8 : 0).Select(n => new Header($"{n}", new byte[131_065]))],
        },
    };

    private static Record Complete(Record record)
    {
        record.Completion = new Completion("answer", "stop", 1, 1);
        Format().Encode(record);
        return record;
    }

    private static string? Header(OutgoingMessage message, string name) =>
        message.Message.Headers?.TryGetLastBytes(name, out var value) == true ? Encoding.UTF8.GetString(value) : null;

    private sealed class Writer(int limit, bool needsKey) : IMessageWriter
    {
        private readonly List<OutgoingMessage> open = [];

        public List<OutgoingMessage> Taken { get; } = [];

        public string? Failure => "MsgSizeTooLarge: the message is too large";

        public bool TryOpen(TimeSpan patience) => true;

        public bool TryWrite(IEnumerable<OutgoingMessage> messages)
        {
            open.AddRange(messages);
            return true;
        }

        // Results fit a topic of their own, however little that of dead letters takes.
        public CommitOutcome Commit(IReadOnlyList<GroupOffsets> next, IPositions positions, TimeSpan patience)
        {
            var fits = open.All(message => (message.Topic != "dead" || message.Message.Key is not null || !needsKey)
                && Bytes(message.Message) + BatchBytes <= (message.Topic == "dead" ? limit : Math.Max(limit, DefaultLimit)));
            if (fits)
            {
                Taken.AddRange(open);
            }

            open.Clear();
            return fits ? CommitOutcome.Committed : CommitOutcome.Refused;
        }

        public void GiveUp(string reason, TimeSpan patience)
        {
        }

        public void Dispose()
        {
        }

        private static int Bytes(Message<byte[], byte[]> message) => (message.Key?.Length ?? 0) + (message.Value?.Length ?? 0)
            + (message.Headers?.Sum(header => header.Key.Length + (header.GetValueBytes()?.Length ?? 0)) ?? 0);
    }
}
