using FlexGen.Dataflow.Records;
using Parquet.Meta;
using Type = Parquet.Meta.Type;

namespace FlexGen.Dataflow.Sources;

/// <summary>Reads the whole type of each column from a file's schema, in which an annotation may be spelt in two ways.</summary>
internal static class ColumnTypes
{
    /// <summary>The types of the top-level columns; where two have one name, that of the first.</summary>
    /// <param name="elements">A footer's schema, as it was read: the root, then depth first.</param>
    public static IReadOnlyDictionary<string, ColumnType> Of(IReadOnlyList<SchemaElement> elements)
    {
        var types = new Dictionary<string, ColumnType>();
        for (int at = 1; at < elements.Count;)
        {
            var element = elements[at];
            var name = NameOf(elements, ref at);
            bool isNested = element.Type is null || element.RepetitionType == FieldRepetitionType.REPEATED;
            types.TryAdd(element.Name, new ColumnType(name, element.RepetitionType == FieldRepetitionType.REQUIRED, isNested));
        }
        return types;
    }

    private static string NameOf(IReadOnlyList<SchemaElement> elements, ref int at)
    {
        var element = elements[at++];
        var repeated = element.RepetitionType == FieldRepetitionType.REPEATED ? "repeated " : "";
        if (element.Type is { } stored)
        {
            return repeated + Leaf(element, stored);
        }
        var container = element.LogicalType?.LIST is not null || element.ConvertedType == ConvertedType.LIST ? "list"
            : element.LogicalType?.MAP is not null || element.ConvertedType is ConvertedType.MAP or ConvertedType.MAP_KEY_VALUE ? "map"
            : null;
        // Writers give the group that repeats in a list or a map, and what is in it, names of their own.
        bool isWrapped = container is not null && elements[at].RepetitionType == FieldRepetitionType.REPEATED
            && elements[at].NumChildren == (container == "list" ? 1 : 2);
        var wrapper = isWrapped ? elements[at++] : element;
        var members = new List<string>();
        for (int left = wrapper.NumChildren ?? 0; left > 0; left--)
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
        return Annotation(element) is { } annotation && annotation != storage ? $"{annotation} as {storage}" : storage;
    }

    private static string? Annotation(SchemaElement element) => element.LogicalType switch
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
        _ => OldAnnotation(element),
    };

    // The spelling before logical types; its times are in UTC.
    private static string? OldAnnotation(SchemaElement element) => element.ConvertedType switch
    {
        ConvertedType.UTF8 => "string",
        ConvertedType.ENUM => "enum",
        ConvertedType.JSON => "json",
        ConvertedType.BSON => "bson",
        ConvertedType.DATE => "date",
        ConvertedType.INTERVAL => "interval",
        ConvertedType.DECIMAL => $"decimal({element.Precision},{element.Scale ?? 0})",
        ConvertedType.TIME_MILLIS => "time(ms, UTC)",
        ConvertedType.TIME_MICROS => "time(us, UTC)",
        ConvertedType.TIMESTAMP_MILLIS => "timestamp(ms, UTC)",
        ConvertedType.TIMESTAMP_MICROS => "timestamp(us, UTC)",
        ConvertedType.INT_8 => "int8",
        ConvertedType.INT_16 => "int16",
        ConvertedType.UINT_8 => "uint8",
        ConvertedType.UINT_16 => "uint16",
        ConvertedType.UINT_32 => "uint32",
        ConvertedType.UINT_64 => "uint64",
        _ => null,
    };

    private static string Unit(TimeUnit unit) => unit switch
    {
        { MILLIS: not null } => "ms",
        { MICROS: not null } => "us",
        _ => "ns",
    };

    private static string Utc(bool isAdjusted) => isAdjusted ? ", UTC" : "";
}
