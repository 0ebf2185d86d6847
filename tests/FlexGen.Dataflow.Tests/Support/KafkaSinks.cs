using FlexGen.Dataflow.Ends;
using FlexGen.Dataflow.Kafka.Sink;
using FlexGen.Dataflow.Records;
using Microsoft.Extensions.Logging.Abstractions;
using Record = FlexGen.Dataflow.Records.Record;

namespace FlexGen.Dataflow.Tests.Support;

/// <summary>A Kafka sink without brokers, and records for it.</summary>
internal static class KafkaSinks
{
    public static ResultFormat Format { get; } = new("results", "dead", new RecordJson(RowSchema.Empty, isJson: true, isWhole: true));

    /// <summary>One that commits when asked, or when there is much.</summary>
    public static OpenedSink Open(TestWriter writer, Action<Record> onDelivered, Positions? positions = null, Coverage? done = null)
    {
        var options = new KafkaSinkOptions { CommitInterval = TimeSpan.FromHours(1) };
        return KafkaSink.Open(options, Format, writer, positions ?? new Positions(), done ?? new Coverage(), onDelivered, NullLogger.Instance);
    }

    /// <summary>Completed records from position 0 on.</summary>
    public static Record[] Read(Assignment assignment, int count) => [.. Enumerable.Range(0, count).Select(n =>
    {
        var record = new Record(assignment, n, Rows.Empty, 0) { Message = new() { Value = "{}"u8.ToArray() }, Completion = new("x", "stop", 1, 1) };
        Format.Encode(record);
        return record;
    })];
}
