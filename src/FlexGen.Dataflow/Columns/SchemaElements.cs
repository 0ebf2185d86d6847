using Parquet.Meta;

namespace FlexGen.Dataflow.Columns;

/// <summary>Copies of what a file states: a reader's own elements are changed for it to read physical types.</summary>
internal static class SchemaElements
{
    public static SchemaElement Copy(SchemaElement element) => new()
    {
        Type = element.Type,
        TypeLength = element.TypeLength,
        RepetitionType = element.RepetitionType,
        Name = element.Name,
        NumChildren = element.NumChildren,
        ConvertedType = element.ConvertedType,
        Scale = element.Scale,
        Precision = element.Precision,
        FieldId = element.FieldId,
        LogicalType = element.LogicalType,
    };
}
