using FlexGen.Dataflow.Columns;
using Parquet.Meta;

namespace FlexGen.Dataflow.Parquet.Source;

/// <summary>Makes one column of two of the same shape, which takes the values of both without loss.</summary>
internal static class Widening
{
    /// <returns>The column, in the words of the first; null where there is none.</returns>
    public static RowColumn? Common(RowColumn one, RowColumn other)
    {
        if (one.Elements.Count != other.Elements.Count)
        {
            return null;
        }

        var inWordsOfOne = new SchemaElement[one.Elements.Count];
        var inWordsOfOther = new SchemaElement[one.Elements.Count];
        for (var i = 0; i < inWordsOfOne.Length; i++)
        {
            var (a, b) = (one.Elements[i], other.Elements[i]);
            if (TypeOf(a, b) is not { } type || RepetitionOf(a, b) is not { } repetition)
            {
                return null;
            }

            inWordsOfOne[i] = Stated(a, type, repetition);
            inWordsOfOther[i] = Stated(b, type, repetition);
        }
        // With the same leaves they still differ where one is a list and the other none, or fields have other names.
        var common = new RowColumn(inWordsOfOne);
        return common.Type.Name == new RowColumn(inWordsOfOther).Type.Name ? common : null;
    }

    /// <summary>Whether two columns that have a common one differ in more than what may be null.</summary>
    public static bool IsNeeded(RowColumn one, RowColumn other) =>
        one.Elements.Zip(other.Elements).Any(pair => pair.First.Type is not null && CommonType.NameOf(pair.First) != CommonType.NameOf(pair.Second));

    private static SchemaElement? TypeOf(SchemaElement one, SchemaElement other) =>
        one.Type is not null && other.Type is not null ? CommonType.Of(one, other)
        : one.Type is null && other.Type is null && one.NumChildren == other.NumChildren ? one
        : null;

    private static FieldRepetitionType? RepetitionOf(SchemaElement one, SchemaElement other)
    {
        var (a, b) = (one.RepetitionType ?? FieldRepetitionType.REQUIRED, other.RepetitionType ?? FieldRepetitionType.REQUIRED);
        return a == b ? a : a == FieldRepetitionType.REPEATED || b == FieldRepetitionType.REPEATED ? null : FieldRepetitionType.OPTIONAL;
    }

    private static SchemaElement Stated(SchemaElement element, SchemaElement type, FieldRepetitionType repetition)
    {
        var stated = SchemaElements.Copy(element);
        stated.RepetitionType = repetition;
        if (element.Type is not null && CommonType.NameOf(element) != CommonType.NameOf(type))
        {
            (stated.Type, stated.TypeLength) = (type.Type, type.TypeLength);
            (stated.ConvertedType, stated.LogicalType) = (type.ConvertedType, type.LogicalType);
            (stated.Precision, stated.Scale) = (type.Precision, type.Scale);
        }

        return stated;
    }
}
