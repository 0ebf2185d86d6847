using Parquet.Meta;
using PhysicalType = Parquet.Meta.Type;

namespace FlexGen.Dataflow.Results;

/// <summary>How the columns of results are stated in a Parquet file.</summary>
internal static class ResultElements
{
    /// <summary>A column and all that is below it, depth first.</summary>
    public static IEnumerable<SchemaElement> Of(ResultType type)
    {
        var repetition = type.IsNullable ? FieldRepetitionType.OPTIONAL : FieldRepetitionType.REQUIRED;
        return type.Kind switch
        {
            ResultKind.Struct =>
            [
                new SchemaElement { Name = type.Name, RepetitionType = repetition, NumChildren = type.Inner.Count },
                .. type.Inner.SelectMany(Of),
            ],
            ResultKind.List =>
            [
                new SchemaElement
                {
                    Name = type.Name,
                    RepetitionType = repetition,
                    NumChildren = 1,
                    ConvertedType = ConvertedType.LIST,
                    LogicalType = new LogicalType { LIST = new ListType() },
                },
                new SchemaElement { Name = "list", RepetitionType = FieldRepetitionType.REPEATED, NumChildren = 1 },
                .. Of(type.Inner[0]),
            ],
            _ => [Leaf(type, repetition)],
        };
    }

    private static SchemaElement Leaf(ResultType type, FieldRepetitionType repetition)
    {
        var element = new SchemaElement { Name = type.Name, RepetitionType = repetition };
        (element.Type, element.ConvertedType, element.LogicalType) = type.Kind switch
        {
            ResultKind.Text => (PhysicalType.BYTE_ARRAY, (ConvertedType?)ConvertedType.UTF8, new LogicalType { STRING = new StringType() }),
            ResultKind.Date => (PhysicalType.INT32, ConvertedType.DATE, new LogicalType { DATE = new DateType() }),
            ResultKind.Long => (PhysicalType.INT64, null, null),
            ResultKind.Double => (PhysicalType.DOUBLE, null, null),
            _ => (PhysicalType.BOOLEAN, null, null),
        };
        return element;
    }
}
