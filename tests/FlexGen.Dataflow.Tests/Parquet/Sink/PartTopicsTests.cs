using FlexGen.Dataflow.Ends;
using FlexGen.Dataflow.Files;
using FlexGen.Dataflow.Kafka;
using FlexGen.Dataflow.Kafka.Source;
using FlexGen.Dataflow.Parquet.Sink;
using FlexGen.Dataflow.Records;
using FlexGen.Dataflow.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Record = FlexGen.Dataflow.Records.Record;

namespace FlexGen.Dataflow.Tests.Parquet.Sink;

/// <summary>Part files of messages say of which topics they are, and where the reading began.</summary>
public sealed class PartTopicsTests : IDisposable
{
    private const string Stream = "requests[0]";
    private static readonly string first = new TopicId("c", "F70ZmR0BQgOwEVJEaYYlOw").ToString();
    private static readonly string second = new TopicId("c", "6-74lsIAQIej82cjxB9dpg").ToString();
    private readonly string folder = Directory.CreateTempSubdirectory("flexgen-").FullName;

    [Fact]
    public async Task Positions_of_another_topic_are_refused_and_both_are_named()
    {
        await WriteAsync(first, 0, 10);
        Assert.Equal([(0L, 10L)], await DoneAsync(first));
        var e = await Assert.ThrowsAsync<PipelineException>(() => DoneAsync(second));
        Assert.Contains(first, e.Message, StringComparison.Ordinal);
        Assert.Contains(second, e.Message, StringComparison.Ordinal);
        Assert.Contains("part-00000000.parquet", e.Message, StringComparison.Ordinal);
        Assert.Contains("other folders", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Brokers_that_no_longer_tell_the_id_are_not_taken_for_those_that_did()
    {
        await WriteAsync(first, 0, 10);
        await Assert.ThrowsAsync<PipelineException>(() => DoneAsync(""));
    }

    [Fact]
    public async Task Positions_without_an_id_are_taken_as_earlier_versions_wrote_them_until_there_is_one()
    {
        await WriteAsync("", 0, 10);
        Assert.Equal([(0L, 10L)], await DoneAsync(first));
        await WriteAsync(first, 10, 20);
        Assert.Equal([(0L, 20L)], await DoneAsync(first));
        await Assert.ThrowsAsync<PipelineException>(() => DoneAsync(second));
    }

    [Fact]
    public async Task Where_the_reading_begins_is_kept_without_records_and_with_them()
    {
        var plan = Plan(first);
        var (sink, ledger, _) = await plan.OpenAsync(_ => { }, CancellationToken.None);
        await Assert.IsAssignableFrom<ITopicLedger>(ledger).BeginAsync(new Dictionary<string, long> { [Stream] = 40, [TopicSource.OtherStream] = 7 });
        await sink.DisposeAsync();
        await WriteAsync(first, 40, 50);
        Assert.Equal([40L, 7L], await StartsAsync());
        File.Delete(Path.Combine(folder, "out", "part-00000000.parquet"));
        Assert.Equal([40L, null], await StartsAsync());
    }

    [Theory]
    [InlineData("F70ZmR0BQgOwEVJEaYYlOw", "F70ZmR0BQg")]
    [InlineData("6-74ls__QIej82cjxB9dpg", "6-74ls__QI")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAA")]
    [InlineData("__________AAAAAAAAAAAA", "__________")]
    public void The_beginning_of_an_id_is_kept_in_a_number(string id, string beginning)
    {
        var number = new TopicId("c", id).Number;
        Assert.True(number >= 0);
        Assert.Equal(beginning, TopicId.Beginning(number));
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private async Task<long?[]> StartsAsync()
    {
        var (sink, ledger, _) = await Plan(first).OpenAsync(_ => { }, CancellationToken.None);
        await using (sink)
        {
            var starts = Assert.IsAssignableFrom<ITopicLedger>(ledger).Starts;
            return [.. new[] { Stream, TopicSource.OtherStream }.Select(stream => starts.TryGetValue(stream, out var start) ? start : (long?)null)];
        }
    }

    private async Task<IReadOnlyList<(long, long)>> DoneAsync(string identity) => (await Plan(identity).ReadDoneAsync(CancellationToken.None))[Stream].Intervals;

    private async Task WriteAsync(string identity, int from, int to)
    {
        var (sink, _, _) = await Plan(identity).OpenAsync(_ => { }, CancellationToken.None);
        await using (sink)
        {
            var assignment = new Assignment(Stream);
            var records = Enumerable.Range(from, to - from)
                .Select(offset => new Record(assignment, offset, Rows.Empty, 0) { Message = new() { Value = "{\"text\":\"a\"}"u8.ToArray() } }).ToArray();
            new MessageDecoder(MessageSchema.Of(["text"]), isJson: true, 1000, []).Decode(records);
            Assert.All(records, record => record.Completion = new Completion("a", "stop", 1, 1));
            await sink.WriteAsync(records);
            await sink.CommitAsync();
        }
    }

    private ParquetSinkPlan Plan(string identity)
    {
        var source = new TopicSource(Stream, identity);
        var output = Layout("out", AddedColumn.ToOutputs(fromMessages: false));
        var deadLetter = Layout("errors", AddedColumn.ToDeadLetters(fromMessages: false));
        return new ParquetSinkPlan(output, deadLetter, new FileOperations(), TimeProvider.System, NullLogger.Instance);

        ParquetSinkLayout Layout(string name, IReadOnlyList<AddedColumn> added) =>
            new(Path.Combine(folder, name), "test", new ParquetSinkOptions(), source.Schema, added, source, IsOutput: name == "out");
    }
}
