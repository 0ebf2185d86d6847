namespace FlexGen.Dataflow.Records;

/// <summary>One row or message on its way from source to sink. The blocks fill it in, one after another: it is never shared between two.</summary>
internal sealed class Record(Rows rows, int row, Assignment assignment)
{
    public Rows Rows { get; private set; } = rows;

    public int Row { get; private set; } = row;

    /// <summary>The assignment under which the record was read.</summary>
    public Assignment Assignment { get; } = assignment;

    /// <summary>The message that the record was read from; null where it is a row.</summary>
    public Message? Message { get; init; }

    /// <summary>The first position that is known to be done when this record is: those between a partition's messages hold none.</summary>
    public long CoversFrom
    {
        get => field < 0 ? Position : field;
        init;
    } = -1;

    public TokenizedPrompt? Prompt { get; set; }

    public Completion? Completion { get; set; }

    public RecordError? Error { get; private set; }

    /// <summary>A sink has taken the record.</summary>
    public bool IsFinished { get; set; }

    /// <summary>The bytes that the record was counted with while a sink holds it.</summary>
    public long HeldBytes { get; set; }

    /// <summary>Neither output nor error: the run was stopped before the record was done.</summary>
    public bool IsDropped => Completion is null && Error is null;

    public Origin Origin => new(Rows.Stream, Position);

    public long Position => Rows.FirstPosition + Row;

    /// <summary>Gives a message's record the columns that its value holds.</summary>
    public void Decode(Rows columns) => (Rows, Row) = (columns, 0);

    /// <summary>Marks the record for the dead letter. Its values are copied, so that a few errors do not keep many row groups in memory.</summary>
    public void Fail(string reason, string message)
    {
        Error = new RecordError(reason, message);
        Rows = Rows.CopyRow(Row);
        Row = 0;
        Prompt = null;
    }

    public static int CompareByOrigin(Record a, Record b)
    {
        int streams = ReferenceEquals(a.Rows.Stream, b.Rows.Stream) ? 0 : string.CompareOrdinal(a.Rows.Stream, b.Rows.Stream);
        return streams != 0 ? streams : a.Position.CompareTo(b.Position);
    }
}
