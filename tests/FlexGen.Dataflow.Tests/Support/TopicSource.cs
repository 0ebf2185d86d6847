using FlexGen.Dataflow.Ends;
using FlexGen.Dataflow.Records;
using Record = FlexGen.Dataflow.Records.Record;

namespace FlexGen.Dataflow.Tests.Support;

/// <summary>Two partitions of a topic, of which nothing is read.</summary>
internal sealed class TopicSource(string stream, string identity) : ISource
{
    public const string OtherStream = "other[1]";

    public RowSchema Schema { get; } = MessageSchema.Of(["text"]);

    public long? TotalRecords => null;

    public long? DeletedUnread => null;

    public IReadOnlyDictionary<string, string> Identities { get; } = new Dictionary<string, string> { [stream] = identity, [OtherStream] = identity };

    public void CheckDone(Coverage done)
    {
    }

    public IAsyncEnumerable<Record[]> ReadAsync(ISink sink, CancellationToken cancellationToken) => throw new NotSupportedException();

    public void Decode(Record[] records)
    {
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
