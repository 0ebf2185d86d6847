using Confluent.Kafka;

namespace FlexGen.Dataflow.Records;

/// <summary>One row or message on its way from source to sink. The blocks fill it in, one after another: it is never shared between two.</summary>
/// <param name="assignment">The assignment under which the record was read.</param>
/// <param name="position">The row in the file, from 0, or the offset.</param>
/// <param name="rows">Where its values are.</param>
/// <param name="row">The row there.</param>
internal sealed class Record(Assignment assignment, long position, Rows rows, int row)
{
    public Rows Rows { get; private set; } = rows;

    public int Row { get; private set; } = row;

    public Assignment Assignment { get; } = assignment;

    public long Position { get; } = position;

    /// <summary>The message that the record was read from, which passes through unchanged; null where it is a row.</summary>
    public Message<byte[]?, byte[]?>? Message { get; init; }

    /// <summary>The first position that is known to be done when this record is: those between a partition's messages hold none.</summary>
    public long CoversFrom
    {
        get => field < 0 ? Position : field;
        init;
    } = -1;

    /// <summary>Null before there is one, and once it was generated from.</summary>
    public TokenizedPrompt? Prompt { get; set; }

    public Completion? Completion { get; set; }

    /// <summary>The one row of columns that its output has, where there are such.</summary>
    public Rows? Results { get; set; }

    /// <summary>What a sink has made of the record ahead of writing it; null where it makes nothing.</summary>
    public byte[]? Encoded { get; set; }

    public RecordError? Error { get; private set; }

    /// <summary>A sink has taken the record.</summary>
    public bool IsFinished { get; set; }

    /// <summary>About how many bytes the record's message or row has. Counted once, so that an account is given back what was taken from it.</summary>
    public long Bytes { get => field < 0 ? field = CountBytes() : field; } = -1;

    /// <summary>Neither output nor error: the run was stopped before the record was done.</summary>
    public bool IsDropped => Completion is null && Error is null;

    public Origin Origin => new(Assignment.Stream, Position);

    /// <summary>Gives a message's record the columns that its value holds.</summary>
    public void Decode(Rows rows, int row) => (Rows, Row) = (rows, row);

    /// <summary>
    /// Marks the record for the dead letter, with as much of the message as <see cref="Excerpt"/> allows. Its values are copied, so that a few errors
    /// do not keep many row groups in memory.
    /// </summary>
    public void Fail(string reason, string message)
    {
        Error = new RecordError(reason, Excerpt.OfBytes(message));
        Detach();
        Prompt = null;
    }

    /// <summary>Copies the record's values away from those that were read with it, which it would keep in memory.</summary>
    public void Detach() => (Rows, Row) = (Rows.CopyRow(Row), 0);

    private long CountBytes() => Message is { } message
        ? (message.Key?.Length ?? 0) + (message.Value?.Length ?? 0)
            + (message.Headers?.Sum(header => header.Key.Length + (header.GetValueBytes()?.Length ?? 0)) ?? 0)
        : Rows.Bytes(Row);

    public static int CompareByOrigin(Record a, Record b)
    {
        var streams = ReferenceEquals(a.Assignment, b.Assignment) ? 0 : string.CompareOrdinal(a.Assignment.Stream, b.Assignment.Stream);
        return streams != 0 ? streams : a.Position.CompareTo(b.Position);
    }
}
