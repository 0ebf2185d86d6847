using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using System.Text;
using FlexGen.Dataflow.Records;
using Parquet.Meta;

namespace FlexGen.Dataflow.Prompts;

/// <summary>Writes a column's value as text.</summary>
internal delegate void ValueWriter(ColumnData column, int row, IBufferWriter<char> text);

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
            (Parquet.Meta.Type.INT32, { DATE: not null }) => TimeText.WriteDate,
            (Parquet.Meta.Type.INT64, { TIMESTAMP: { } type }) => TimeText.TimestampWriter(type),
            (Parquet.Meta.Type.INT96, _) => TimeText.WriteInt96,
            (Parquet.Meta.Type.INT32 or Parquet.Meta.Type.INT64, { TIME: { } type }) => TimeText.TimeWriter(element, type),
            (Parquet.Meta.Type.FIXED_LEN_BYTE_ARRAY, { UUID: not null }) => WriteGuid,
            (Parquet.Meta.Type.FIXED_LEN_BYTE_ARRAY, { FLOAT16: not null }) => WriteHalf,
            (Parquet.Meta.Type.BYTE_ARRAY, _) when Annotation.IsText(element) => WriteText,
            (Parquet.Meta.Type.BOOLEAN, _) => (column, row, text) => text.Write(Value<bool>(column, row) ? "true" : "false"),
            (Parquet.Meta.Type.INT32, _) when leaf.Physical.ClrType == typeof(uint) => Write<uint>,
            (Parquet.Meta.Type.INT32, _) => Write<int>,
            (Parquet.Meta.Type.INT64, _) when leaf.Physical.ClrType == typeof(ulong) => Write<ulong>,
            (Parquet.Meta.Type.INT64, _) => Write<long>,
            (Parquet.Meta.Type.FLOAT, _) => Write<float>,
            (Parquet.Meta.Type.DOUBLE, _) => Write<double>,
            _ => null,
        };
    }

    /// <summary>Whether a leaf's values are numbers, true or false, whose text is that of JSON.</summary>
    public static bool IsNumber(Leaf leaf) => (leaf.Physical.Element.Type, Annotation.Of(leaf.Physical.Element)) switch
    {
        (_, { DECIMAL: not null } or { FLOAT16: not null }) => true,
        (_, { DATE: not null } or { TIME: not null } or { TIMESTAMP: not null }) => false,
        var (type, _) => type is not (Parquet.Meta.Type.BYTE_ARRAY or Parquet.Meta.Type.FIXED_LEN_BYTE_ARRAY or Parquet.Meta.Type.INT96),
    };

    public static T Value<T>(ColumnData column, int row)
        where T : struct => ((TypedColumnData<T>)column).Value(row);

    public static ReadOnlySpan<byte> Bytes(ColumnData column, int row) => Value<ReadOnlyMemory<byte>>(column, row).Span;

    private static void WriteText(ColumnData column, int row, IBufferWriter<char> text) =>
        System.Text.Encoding.UTF8.GetChars(Bytes(column, row), text);

    private static void Write<T>(ColumnData column, int row, IBufferWriter<char> text)
        where T : struct, IFormattable => Write(Value<T>(column, row), text);

    private static void Write(IFormattable value, IBufferWriter<char> text) => text.Write(value.ToString(null, CultureInfo.InvariantCulture));

    private static void WriteGuid(ColumnData column, int row, IBufferWriter<char> text) => Write(new Guid(Bytes(column, row), bigEndian: true), text);

    private static void WriteHalf(ColumnData column, int row, IBufferWriter<char> text) =>
        Write(BinaryPrimitives.ReadHalfLittleEndian(Bytes(column, row)), text);

    private static ValueWriter DecimalWriter(SchemaElement element, int scale) => element.Type switch
    {
        Parquet.Meta.Type.INT32 => (column, row, text) => text.Write(DecimalText(Value<int>(column, row), scale)),
        Parquet.Meta.Type.INT64 => (column, row, text) => text.Write(DecimalText(Value<long>(column, row), scale)),
        _ => (column, row, text) => text.Write(DecimalText(new BigInteger(Bytes(column, row), isBigEndian: true), scale)),
    };

    private static string DecimalText(BigInteger unscaled, int scale)
    {
        var digits = BigInteger.Abs(unscaled).ToString(CultureInfo.InvariantCulture).PadLeft(scale + 1, '0');
        var sign = unscaled.Sign < 0 ? "-" : "";
        return scale == 0 ? sign + digits : $"{sign}{digits[..^scale]}.{digits[^scale..]}";
    }
}
