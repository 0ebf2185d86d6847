using FlexGen.Dataflow.Kafka.Sink;

namespace FlexGen.Dataflow.Tests.Support;

/// <summary>Writes nowhere; takes a part of what is to be written at once, if so told.</summary>
internal sealed class TestWriter : IMessageWriter
{
    private bool isWhole = true;

    public Func<TestWriter, CommitOutcome> OnCommit { get; set; } = w => w.isWhole ? CommitOutcome.Committed : CommitOutcome.NotCommitted;

    public int Most { get; init; } = int.MaxValue;

    public int Written { get; private set; }

    public int Commits { get; private set; }

    public string? Failure => "failed";

    public bool TryOpen(TimeSpan patience) => true;

    public bool TryWrite(IEnumerable<OutgoingMessage> messages)
    {
        var count = messages.Count();
        Written += count;
        return isWhole = count <= Most;
    }

    public CommitOutcome Commit(IReadOnlyList<GroupOffsets> next, IPositions positions, TimeSpan patience)
    {
        Commits++;
        return OnCommit(this);
    }

    public void GiveUp(string reason, TimeSpan patience)
    {
    }

    public void Dispose()
    {
    }
}
