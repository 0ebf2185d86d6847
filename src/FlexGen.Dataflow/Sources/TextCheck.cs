using FlexGen.Dataflow.Records;

namespace FlexGen.Dataflow.Sources;

/// <summary>Finds records whose texts are not UTF-8. Copied as they are, one of them would make a whole part file unreadable.</summary>
internal sealed class TextCheck(RowSchema schema)
{
    private readonly int[] texts = [.. schema.Leaves.Index().Where(leaf => Annotation.IsText(leaf.Item.Physical.Element)).Select(leaf => leaf.Index)];

    /// <summary>Marks such records for the dead letter, which shows each byte that is no part of a character as <c>\xC3</c>.</summary>
    public void Check(IEnumerable<Record> records)
    {
        foreach (var record in records)
        {
            if (texts.FirstOrDefault(leaf => !Column(record, leaf).IsUtf8(record.Row), -1) is >= 0 and var invalid)
            {
                Fail(record, schema.Leaves[invalid]);
            }
        }
    }

    private void Fail(Record record, Leaf leaf)
    {
        record.Fail(
            "invalid_utf8",
            $"column '{leaf.Physical.Path.ToString(".", null)}' holds bytes that are not UTF-8, as a {Annotation.Describe(leaf.Physical.Element)} must be; they are shown as \\x and two digits.");
        var columns = record.Rows.Columns.ToArray();
        foreach (int text in texts)
        {
            columns[text] = Column(record, text).ToUtf8(record.Row);
        }
        record.Decode(new Rows(columns), row: 0);
    }

    private static ColumnData Column(Record record, int leaf) => record.Rows.Columns[leaf];
}
