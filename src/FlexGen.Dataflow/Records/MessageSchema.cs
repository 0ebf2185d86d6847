using FlexGen.Dataflow.Columns;
using Parquet.Meta;
using PhysicalType = Parquet.Meta.Type;

namespace FlexGen.Dataflow.Records;

/// <summary>Columns of messages: texts that may be missing.</summary>
internal static class MessageSchema
{
    public static RowSchema Of(IEnumerable<string> columns)
    {
        var elements = columns.Select(column => new SchemaElement
        {
            Name = column,
            Type = PhysicalType.BYTE_ARRAY,
            RepetitionType = FieldRepetitionType.OPTIONAL,
            ConvertedType = ConvertedType.UTF8,
            LogicalType = new LogicalType { STRING = new StringType() },
        }).ToArray();
        return new RowSchema(
            [.. elements.Select(element => new RowColumn([element]))],
            [.. elements.Select((element, i) => new Leaf(element.Name, PhysicalField.Create(element, i)))]);
    }
}
