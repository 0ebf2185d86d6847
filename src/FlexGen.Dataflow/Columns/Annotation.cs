using Parquet.Meta;
using PhysicalType = Parquet.Meta.Type;

namespace FlexGen.Dataflow.Columns;

/// <summary>What a column's values mean. Files say it in two spellings, the newer LogicalType and the older ConvertedType, or in one of them.</summary>
internal static class Annotation
{
    /// <summary>The annotation in the newer spelling; null where there is none. INTERVAL has the older one alone.</summary>
    public static LogicalType? Of(SchemaElement element) => element.LogicalType is { } type && !IsUnknown(type) ? type : element.ConvertedType switch
    {
        ConvertedType.UTF8 => new() { STRING = new() },
        ConvertedType.ENUM => new() { ENUM = new() },
        ConvertedType.JSON => new() { JSON = new() },
        ConvertedType.BSON => new() { BSON = new() },
        ConvertedType.MAP => new() { MAP = new() },
        ConvertedType.LIST => new() { LIST = new() },
        ConvertedType.DECIMAL => new() { DECIMAL = new() { Precision = element.Precision ?? 0, Scale = element.Scale ?? 0 } },
        ConvertedType.DATE => new() { DATE = new() },
        ConvertedType.TIME_MILLIS => new() { TIME = new() { IsAdjustedToUTC = true, Unit = new() { MILLIS = new() } } },
        ConvertedType.TIME_MICROS => new() { TIME = new() { IsAdjustedToUTC = true, Unit = new() { MICROS = new() } } },
        ConvertedType.TIMESTAMP_MILLIS => new() { TIMESTAMP = new() { IsAdjustedToUTC = true, Unit = new() { MILLIS = new() } } },
        ConvertedType.TIMESTAMP_MICROS => new() { TIMESTAMP = new() { IsAdjustedToUTC = true, Unit = new() { MICROS = new() } } },
        ConvertedType.INT_8 => Integer(8, isSigned: true),
        ConvertedType.INT_16 => Integer(16, isSigned: true),
        ConvertedType.INT_32 => Integer(32, isSigned: true),
        ConvertedType.INT_64 => Integer(64, isSigned: true),
        ConvertedType.UINT_8 => Integer(8, isSigned: false),
        ConvertedType.UINT_16 => Integer(16, isSigned: false),
        ConvertedType.UINT_32 => Integer(32, isSigned: false),
        ConvertedType.UINT_64 => Integer(64, isSigned: false),
        _ => null,
    };

    /// <summary>Whether the element has an annotation that came after this program: nothing is known of it, not even its name.</summary>
    public static bool IsUnknown(SchemaElement element) => element.LogicalType is { } type && IsUnknown(type);

    /// <summary>Whether the values must be UTF-8.</summary>
    public static bool IsText(SchemaElement element) =>
        element.Type == PhysicalType.BYTE_ARRAY && Of(element) is { STRING: not null } or { ENUM: not null } or { JSON: not null };

    /// <summary>How many of a unit of time are a second.</summary>
    public static long PerSecond(TimeUnit unit) => unit switch
    {
        { MILLIS: not null } => 1_000,
        { MICROS: not null } => 1_000_000,
        _ => 1_000_000_000,
    };

    private static bool IsUnknown(LogicalType type) => type is
    {
        STRING: null, ENUM: null, JSON: null, BSON: null, MAP: null, LIST: null, DECIMAL: null, DATE: null, TIME: null, TIMESTAMP: null,
        INTEGER: null, UNKNOWN: null, UUID: null, FLOAT16: null, VARIANT: null, GEOMETRY: null, GEOGRAPHY: null,
    };

    private static LogicalType Integer(sbyte bits, bool isSigned) => new() { INTEGER = new() { BitWidth = bits, IsSigned = isSigned } };
}
