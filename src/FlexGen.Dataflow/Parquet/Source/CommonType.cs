using FlexGen.Dataflow.Columns;
using Parquet.Meta;
using PhysicalType = Parquet.Meta.Type;

namespace FlexGen.Dataflow.Parquet.Source;

/// <summary>
/// The smallest type that takes all values of two types without loss. Which it is does not depend on their order, nor on that of many taken one after
/// another.
/// </summary>
internal static class CommonType
{
    /// <summary>Readers take a decimal of more digits for a floating-point number.</summary>
    private const int MaxDigits = 38;
    private const int BytesOfMaxDigits = 16;

    /// <returns>A leaf of that type, whose name and nullability say nothing; null where there is no such type.</returns>
    public static SchemaElement? Of(SchemaElement one, SchemaElement other)
    {
        if (NameOf(one) == NameOf(other))
        {
            return one;
        }

        return (Annotation.Of(one), Annotation.Of(other)) switch
        {
            // A column of nothing but nulls.
            ({ UNKNOWN: not null }, _) => other,
            (_, { UNKNOWN: not null }) => one,
            ({ DECIMAL: { } a }, { DECIMAL: { } b }) => Decimal(one, a, other, b),
            ({ TIMESTAMP: { } a }, { TIMESTAMP: { } b }) when a.IsAdjustedToUTC == b.IsAdjustedToUTC => Finer(one, a.Unit, other, b.Unit),
            ({ TIME: { } a }, { TIME: { } b }) when a.IsAdjustedToUTC == b.IsAdjustedToUTC => Finer(one, a.Unit, other, b.Unit),
            _ when BitsOfFloat(one) is > 0 and var a && BitsOfFloat(other) is > 0 and var b => a > b ? one : other,
            _ when IntegerOf(one) is { } a && IntegerOf(other) is { } b => Integer(one, a, other, b),
            _ => null,
        };
    }

    /// <summary>All of a leaf's type but whether it may be null.</summary>
    public static string NameOf(SchemaElement leaf) => ColumnTypes.Of([leaf]).Name;

    /// <summary>Bits and sign of a whole number; null where a leaf is none.</summary>
    public static (int Bits, bool IsSigned)? IntegerOf(SchemaElement leaf) => (leaf.Type, Annotation.Of(leaf)) switch
    {
        (PhysicalType.INT32, null) when leaf.ConvertedType is null => (32, true),
        (PhysicalType.INT64, null) when leaf.ConvertedType is null => (64, true),
        (PhysicalType.INT32, { INTEGER: { BitWidth: 8 or 16 or 32 } number }) => (number.BitWidth, number.IsSigned),
        (PhysicalType.INT64, { INTEGER: { BitWidth: 64 } number }) => (64, number.IsSigned),
        _ => null,
    };

    private static int BitsOfFloat(SchemaElement leaf) => (leaf.Type, Annotation.Of(leaf)) switch
    {
        (PhysicalType.FIXED_LEN_BYTE_ARRAY, { FLOAT16: not null }) when leaf.TypeLength == 2 => 16,
        (PhysicalType.FLOAT, null) => 32,
        (PhysicalType.DOUBLE, null) => 64,
        _ => 0,
    };

    private static SchemaElement? Finer(SchemaElement one, TimeUnit ofOne, SchemaElement other, TimeUnit ofOther)
    {
        var areNumbers = one.Type is PhysicalType.INT32 or PhysicalType.INT64 && other.Type is PhysicalType.INT32 or PhysicalType.INT64;
        return !areNumbers ? null : Annotation.PerSecond(ofOne) > Annotation.PerSecond(ofOther) ? one : other;
    }

    private static SchemaElement? Integer(SchemaElement one, (int Bits, bool IsSigned) a, SchemaElement other, (int Bits, bool IsSigned) b)
    {
        var isSigned = a.IsSigned || b.IsSigned;
        var bits = Math.Max(BitsNeeded(a), BitsNeeded(b));
        return bits > 64 ? null
            : a == (bits, isSigned) ? one
            : b == (bits, isSigned) ? other
            : new SchemaElement
            {
                // What takes both signs and is neither of the two: int16, int32 or int64.
                Type = bits == 64 ? PhysicalType.INT64 : PhysicalType.INT32,
                ConvertedType = bits switch
                {
                    16 => ConvertedType.INT_16,
                    32 => ConvertedType.INT_32,
                    _ => ConvertedType.INT_64,
                },
                LogicalType = new() { INTEGER = new() { BitWidth = (sbyte)bits, IsSigned = true } },
            };

        int BitsNeeded((int Bits, bool IsSigned) number) => isSigned && !number.IsSigned ? 2 * number.Bits : number.Bits;
    }

    private static SchemaElement? Decimal(SchemaElement one, DecimalType a, SchemaElement other, DecimalType b)
    {
        var scale = Math.Max(a.Scale, b.Scale);
        var precision = scale + Math.Max(a.Precision - a.Scale, b.Precision - b.Scale);
        if (precision > MaxDigits || a.Precision < 1 || b.Precision < 1 || a.Scale < 0 || b.Scale < 0)
        {
            return null;
        }
        // As all files store it, where that holds it: else in what is the same whatever files there are.
        var isKept = one.Type == other.Type && one.TypeLength == other.TypeLength && DigitsOf(one) >= precision;
        return new SchemaElement
        {
            Type = isKept ? one.Type : precision <= 9 ? PhysicalType.INT32 : precision <= 18 ? PhysicalType.INT64 : PhysicalType.FIXED_LEN_BYTE_ARRAY,
            TypeLength = isKept ? one.TypeLength : precision <= 18 ? null : BytesOfMaxDigits,
            ConvertedType = ConvertedType.DECIMAL,
            LogicalType = new() { DECIMAL = new() { Precision = precision, Scale = scale } },
            Precision = precision,
            Scale = scale,
        };
    }

    private static int DigitsOf(SchemaElement leaf) => leaf.Type switch
    {
        PhysicalType.INT32 => 9,
        PhysicalType.INT64 => 18,
        PhysicalType.FIXED_LEN_BYTE_ARRAY => (int)(((8 * leaf.TypeLength!.Value) - 1) * Math.Log10(2)),
        PhysicalType.BYTE_ARRAY => int.MaxValue,
        _ => 0,
    };
}
