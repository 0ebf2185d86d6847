using Parquet.Meta;
using Type = Parquet.Meta.Type;

namespace FlexGen.Dataflow.Columns;

/// <summary>Reads the whole type of a column from a file's schema, in which an annotation may be spelt in two ways.</summary>
internal static class ColumnTypes
{
    /// <summary>The type of a column.</summary>
    /// <param name="elements">The column and all that is below it as it was read, depth first.</param>
    public static ColumnType Of(IReadOnlyList<SchemaElement> elements)
    {
        var at = 0;
        var element = elements[0];
        var isNested = element.Type is null || element.RepetitionType == FieldRepetitionType.REPEATED;
        return new ColumnType(NameOf(elements, ref at), element.RepetitionType == FieldRepetitionType.REQUIRED, isNested);
    }

    /// <summary>What the values mean, with its parameters; null where nothing says so.</summary>
    public static string? AnnotationOf(SchemaElement element) => Annotation.Of(element) switch
    {
        { STRING: not null } => "string",
        { ENUM: not null } => "enum",
        { JSON: not null } => "json",
        { BSON: not null } => "bson",
        { UUID: not null } => "uuid",
        { DATE: not null } => "date",
        { FLOAT16: not null } => "float16",
        { UNKNOWN: not null } => "null",
        { VARIANT: not null } => "variant",
        { GEOMETRY: not null } => "geometry",
        { GEOGRAPHY: not null } => "geography",
        { DECIMAL: { } number } => $"decimal({number.Precision},{number.Scale})",
        { INTEGER: { } number } => $"{(number.IsSigned ? "" : "u")}int{number.BitWidth}",
        { TIME: { } time } => $"time({Unit(time.Unit)}{Utc(time.IsAdjustedToUTC)})",
        { TIMESTAMP: { } time } => $"timestamp({Unit(time.Unit)}{Utc(time.IsAdjustedToUTC)})",
        _ => element.ConvertedType == ConvertedType.INTERVAL ? "interval" : null,
    };

    private static string NameOf(IReadOnlyList<SchemaElement> elements, ref int at)
    {
        var element = elements[at++];
        var repeated = element.RepetitionType == FieldRepetitionType.REPEATED ? "repeated " : "";
        if (element.Type is { } stored)
        {
            return repeated + Leaf(element, stored);
        }

        var container = Annotation.Of(element)?.LIST is not null ? "list"
            : Annotation.Of(element)?.MAP is not null || element.ConvertedType == ConvertedType.MAP_KEY_VALUE ? "map"
            : null;
        // Writers give the group that repeats in a list or a map, and what is in it, names of their own.
        var isWrapped = container is not null && elements[at].RepetitionType == FieldRepetitionType.REPEATED
            && elements[at].NumChildren == (container == "list" ? 1 : 2);
        var wrapper = isWrapped ? elements[at++] : element;
        var members = new List<string>();
        for (var left = wrapper.NumChildren ?? 0; left > 0; left--)
        {
            var member = elements[at];
            var optional = member.RepetitionType == FieldRepetitionType.OPTIONAL ? "optional " : "";
            var type = NameOf(elements, ref at);
            members.Add(isWrapped ? optional + type : $"{member.Name}: {optional}{type}");
        }

        return $"{repeated}{container ?? "struct"}<{string.Join(", ", members)}>";
    }

    private static string Leaf(SchemaElement element, Type stored)
    {
        var storage = stored switch
        {
            Type.INT32 => "int32",
            Type.INT64 => "int64",
            Type.INT96 => "int96",
            Type.FLOAT => "float",
            Type.DOUBLE => "double",
            Type.BOOLEAN => "boolean",
            Type.BYTE_ARRAY => "binary",
            _ => $"fixed({element.TypeLength})",
        };
        // A signed number of the storage's width is what the storage is without an annotation.
        return AnnotationOf(element) is { } annotation && annotation != storage ? $"{annotation} as {storage}" : storage;
    }

    private static string Unit(TimeUnit unit) => unit switch
    {
        { MILLIS: not null } => "ms",
        { MICROS: not null } => "us",
        _ => "ns",
    };

    private static string Utc(bool isAdjusted) => isAdjusted ? ", UTC" : "";
}
