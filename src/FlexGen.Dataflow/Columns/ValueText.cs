using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using System.Text;
using Parquet.Meta;
using PhysicalType = Parquet.Meta.Type;

namespace FlexGen.Dataflow.Columns;

/// <summary>What text a value becomes in a prompt: culture-invariant, dates and times as in ISO 8601.</summary>
internal static class ValueText
{
    /// <summary>How to write the values of a leaf; null where they have no text: nested, binary, intervals.</summary>
    public static ValueWriter? WriterOf(Leaf leaf)
    {
        var element = leaf.Physical.Element;
        return (element.Type, Annotation.Of(element)) switch
        {
            _ when !leaf.Physical.IsFlat => null,
            (_, { DECIMAL: { } type }) => DecimalWriter(element, type.Scale),
            (PhysicalType.INT32, { DATE: not null }) => TimeText.WriteDate,
            (PhysicalType.INT64, { TIMESTAMP: { } type }) => TimeText.TimestampWriter(type),
            (PhysicalType.INT96, _) => TimeText.WriteInt96,
            (PhysicalType.INT32 or PhysicalType.INT64, { TIME: { } type }) => TimeText.TimeWriter(element, type),
            (PhysicalType.FIXED_LEN_BYTE_ARRAY, { UUID: not null }) => WriteGuid,
            (PhysicalType.FIXED_LEN_BYTE_ARRAY, { FLOAT16: not null }) => WriteHalf,
            (PhysicalType.BYTE_ARRAY, _) when Annotation.IsText(element) => WriteText,
            (PhysicalType.BOOLEAN, _) => (column, row, text) => text.Write(column.Value<bool>(row) ? "true" : "false"),
            (PhysicalType.INT32, _) when leaf.Physical.ClrType == typeof(uint) => Write<uint>,
            (PhysicalType.INT32, _) => Write<int>,
            (PhysicalType.INT64, _) when leaf.Physical.ClrType == typeof(ulong) => Write<ulong>,
            (PhysicalType.INT64, _) => Write<long>,
            (PhysicalType.FLOAT, _) => Write<float>,
            (PhysicalType.DOUBLE, _) => Write<double>,
            _ => null,
        };
    }

    /// <summary>Whether a leaf's values are numbers, true or false, whose text is that of JSON.</summary>
    public static bool IsNumber(Leaf leaf) => (leaf.Physical.Element.Type, Annotation.Of(leaf.Physical.Element)) switch
    {
        (_, { DECIMAL: not null } or { FLOAT16: not null }) => true,
        (_, { DATE: not null } or { TIME: not null } or { TIMESTAMP: not null }) => false,
        var (type, _) => type is not (PhysicalType.BYTE_ARRAY or PhysicalType.FIXED_LEN_BYTE_ARRAY or PhysicalType.INT96),
    };

    private static void WriteText(ColumnData column, int row, IBufferWriter<char> text) =>
        System.Text.Encoding.UTF8.GetChars(column.BytesOf(row), text);

    private static void Write<T>(ColumnData column, int row, IBufferWriter<char> text)
        where T : struct, IFormattable => Write(column.Value<T>(row), text);

    private static void Write(IFormattable value, IBufferWriter<char> text) => text.Write(value.ToString(null, CultureInfo.InvariantCulture));

    private static void WriteGuid(ColumnData column, int row, IBufferWriter<char> text) => Write(new Guid(column.BytesOf(row), bigEndian: true), text);

    private static void WriteHalf(ColumnData column, int row, IBufferWriter<char> text) =>
        Write(BinaryPrimitives.ReadHalfLittleEndian(column.BytesOf(row)), text);

    private static ValueWriter DecimalWriter(SchemaElement element, int scale) => element.Type switch
    {
        PhysicalType.INT32 => (column, row, text) => text.Write(DecimalText(column.Value<int>(row), scale)),
        PhysicalType.INT64 => (column, row, text) => text.Write(DecimalText(column.Value<long>(row), scale)),
        _ => (column, row, text) => text.Write(DecimalText(new BigInteger(column.BytesOf(row), isBigEndian: true), scale)),
    };

    private static string DecimalText(BigInteger unscaled, int scale)
    {
        var digits = BigInteger.Abs(unscaled).ToString(CultureInfo.InvariantCulture).PadLeft(scale + 1, '0');
        var sign = unscaled.Sign < 0 ? "-" : "";
        return scale == 0 ? sign + digits : $"{sign}{digits[..^scale]}.{digits[^scale..]}";
    }
}
