using Confluent.Kafka;
using FlexGen.Dataflow.Files;
using FlexGen.Dataflow.Kafka.Source;
using FlexGen.Dataflow.Parquet.Sink;
using FlexGen.Dataflow.Records;
using FlexGen.Dataflow.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Record = FlexGen.Dataflow.Records.Record;

namespace FlexGen.Dataflow.Tests.Parquet.Sink;

public sealed class ParquetSinksTests
{
    [Fact]
    public async Task What_cannot_be_committed_when_partitions_are_given_up_fails_the_next_call_and_not_the_giving_up()
    {
        using var place = new Workplace();
        var disk = new Disk();
        var source = new TopicSource("t[0]", "");
        var schema = source.Schema;
        var plan = new ParquetSinkPlan(
            new ParquetSinkLayout(place.Out, "p", new ParquetSinkOptions { Path = place.Out }, schema, AddedColumn.ToOutputs(fromMessages: false), source, IsOutput: true),
            new ParquetSinkLayout(place.Errors, "p", new ParquetSinkOptions { Path = place.Errors }, schema, AddedColumn.ToDeadLetters(fromMessages: false), source, IsOutput: false),
            disk, TimeProvider.System, NullLogger.Instance);
        var (sink, _) = await plan.OpenAsync(CancellationToken.None);
        await using var closing = sink;
        var assignment = new Assignment("t[0]", new TopicPartition("t", 0));
        await sink.WriteAsync([Read(0)]);
        disk.IsFull = true;

        await sink.ReleaseAsync([assignment]);
        Assert.True(assignment.IsLost);
        disk.IsFull = false;
        // Whether its record is in a part file no one knows: nothing may be committed after it.
        foreach (var call in new Func<ValueTask>[] { () => sink.WriteAsync([Read(1)]), sink.CommitIfDueAsync, sink.CommitAsync })
        {
            var e = await Assert.ThrowsAsync<PipelineException>(async () => await call());
            Assert.Contains("no space", e.Message, StringComparison.Ordinal);
        }
        await sink.ReleaseAsync([assignment]);
        Assert.Empty(place.Parts());

        Record Read(long offset)
        {
            var record = new Record(assignment, offset, Rows.Empty, 0)
            {
                Message = new Message<byte[]?, byte[]?> { Value = "{\"text\": \"a\"}"u8.ToArray() },
                Completion = new Completion("x", "stop", 1, 1),
            };
            new MessageDecoder(schema, isJson: true, 1000, []).Decode([record]);
            return record;
        }
    }

    private sealed class Disk : FileOperations
    {
        public bool IsFull { get; set; }

        public override void Sync(FileStream file)
        {
            if (IsFull)
            {
                throw new IOException("no space");
            }
            base.Sync(file);
        }
    }
}
