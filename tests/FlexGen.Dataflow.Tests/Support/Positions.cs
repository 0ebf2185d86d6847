using Confluent.Kafka;
using FlexGen.Dataflow.Kafka.Sink;
using FlexGen.Dataflow.Records;
using Record = FlexGen.Dataflow.Records.Record;

namespace FlexGen.Dataflow.Tests.Support;

/// <summary>Positions that are kept nowhere.</summary>
internal sealed class Positions : IPositions, IConsumerGroupMetadata
{
    public bool IsMember { get; init; } = true;

    public IConsumerGroupMetadata? Membership => IsMember ? this : null;

    public IReadOnlyList<GroupOffsets> Moved => [];

    public Coverage DoneAtStart() => new();

    public IReadOnlyList<GroupOffsets> After(IReadOnlyList<Record> records, IConsumerGroupMetadata membership) => [];

    public bool AreCommitted(IReadOnlyList<GroupOffsets> positions) => false;

    public void Note(IReadOnlyList<GroupOffsets> positions)
    {
    }

    public void Commit(IReadOnlyList<GroupOffsets> positions)
    {
    }

    public void Dispose()
    {
    }
}
