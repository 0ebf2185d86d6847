using Parquet.Schema;

namespace FlexGen.Dataflow.Records;

/// <summary>Columns of messages: texts that may be missing.</summary>
internal static class MessageSchema
{
    public static RowSchema Of(IEnumerable<string> columns)
    {
        var logical = new ParquetSchema(columns.Select(column => new DataField(column, typeof(string), isNullable: true)));
        var physical = new ParquetSchema(columns.Select(column => new DataField(column, typeof(byte[]), isNullable: true)));
        return new RowSchema(logical.Fields, [.. logical.DataFields.Zip(physical.DataFields, (l, p) => new Leaf(l.Name, l, p))]);
    }
}
