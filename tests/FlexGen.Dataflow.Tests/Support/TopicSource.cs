using FlexGen.Dataflow.Ends;
using FlexGen.Dataflow.Files;
using FlexGen.Dataflow.Records;
using Record = FlexGen.Dataflow.Records.Record;

namespace FlexGen.Dataflow.Tests.Support;

/// <summary>Two partitions of a topic, of which nothing is read.</summary>
internal sealed class TopicSource(string stream, string identity) : ISource
{
    public const string OtherStream = "other[1]";

    private readonly Dictionary<string, string> identities = new() { [stream] = identity, [OtherStream] = identity };

    public Action? OnCheck { get; init; }

    public Action? OnDispose { get; init; }

    public RowSchema Schema { get; } = MessageSchema.Of(["text"]);

    public long? TotalRecords => null;

    public long? DeletedUnread => null;

    public IReadOnlyDictionary<string, string> Identities => identities;

    public SourceFiles? Files => null;

    public IReadOnlyDictionary<string, string> Metadata { get; } = new Dictionary<string, string>();

    /// <summary>Has another partition from now on.</summary>
    public void Add(string name, string id) => identities.Add(name, id);

    public void CheckDone(Coverage done) => OnCheck?.Invoke();

    public IAsyncEnumerable<Record[]> ReadAsync(ILedger ledger, CancellationToken cancellationToken) => throw new NotSupportedException();

    public void Decode(Record[] records)
    {
    }

    public ValueTask DisposeAsync()
    {
        OnDispose?.Invoke();
        return ValueTask.CompletedTask;
    }
}
