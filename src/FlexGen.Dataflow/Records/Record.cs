namespace FlexGen.Dataflow.Records;

/// <summary>One row on its way from source to sink. The blocks fill it in, one after another: it is never shared between two.</summary>
internal sealed class Record(Rows rows, int row)
{
    public Rows Rows { get; private set; } = rows;

    public int Row { get; private set; } = row;

    public TokenizedPrompt? Prompt { get; set; }

    public Completion? Completion { get; set; }

    public RecordError? Error { get; private set; }

    /// <summary>Neither output nor error: the run was stopped before the record was done.</summary>
    public bool IsDropped => Completion is null && Error is null;

    public Origin Origin => new(Rows.Stream, Position);

    public long Position => Rows.FirstPosition + Row;

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
