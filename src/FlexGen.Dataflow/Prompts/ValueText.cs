using System.Buffers;
using System.Globalization;
using System.Numerics;
using System.Text;
using FlexGen.Dataflow.Records;
using Parquet.Data;
using Parquet.Schema;

namespace FlexGen.Dataflow.Prompts;

/// <summary>Writes a column's value as text.</summary>
internal delegate void ValueWriter(ColumnData column, int row, IBufferWriter<char> text);

/// <summary>What text a value becomes in a prompt: culture-invariant, dates and times as in ISO 8601.</summary>
internal static class ValueText
{
    private const int DaysTo1970 = 719_162;

    /// <summary>How to write the values of a leaf; null where they have no text: nested, binary, intervals.</summary>
    public static ValueWriter? WriterOf(Leaf leaf) => leaf switch
    {
        { IsFlat: false } => null,
        { Logical: DecimalDataField field } => DecimalWriter(leaf, field.Scale),
        { Logical: DateTimeDataField { DateTimeFormat: DateTimeFormat.Date } } => DateWriter,
        { Logical: DateTimeDataField field } => TimestampWriter(leaf, field),
        { Logical: TimeDataField field } => TimeWriter(field.Precision),
        _ when leaf.Logical.ClrType == typeof(DateOnly) => DateWriter,
        _ when leaf.Logical.ClrType == typeof(ReadOnlyMemory<char>) => WriteText,
        _ when leaf.Physical.ClrType == typeof(bool) => (column, row, text) => text.Write(Value<bool>(column, row) ? "true" : "false"),
        _ when leaf.Physical.ClrType == typeof(int) => Write<int>,
        _ when leaf.Physical.ClrType == typeof(uint) => Write<uint>,
        _ when leaf.Physical.ClrType == typeof(long) => Write<long>,
        _ when leaf.Physical.ClrType == typeof(ulong) => Write<ulong>,
        _ when leaf.Physical.ClrType == typeof(float) => Write<float>,
        _ when leaf.Physical.ClrType == typeof(double) => Write<double>,
        _ when leaf.Physical.ClrType == typeof(Guid) => Write<Guid>,
        _ => null,
    };

    private static T Value<T>(ColumnData column, int row)
        where T : struct => ((TypedColumnData<T>)column).Value(row);

    private static void WriteText(ColumnData column, int row, IBufferWriter<char> text) =>
        Encoding.UTF8.GetChars(Value<ReadOnlyMemory<byte>>(column, row).Span, text);

    private static void Write<T>(ColumnData column, int row, IBufferWriter<char> text)
        where T : struct, IFormattable => text.Write(Value<T>(column, row).ToString(null, CultureInfo.InvariantCulture));

    private static void DateWriter(ColumnData column, int row, IBufferWriter<char> text) =>
        text.Write(DateOnly.FromDayNumber(checked(Value<int>(column, row) + DaysTo1970)).ToString("O", CultureInfo.InvariantCulture));

    private static ValueWriter? DecimalWriter(Leaf leaf, int scale) => leaf.Physical.ClrType switch
    {
        { } type when type == typeof(int) => (column, row, text) => text.Write(DecimalText(Value<int>(column, row), scale)),
        { } type when type == typeof(long) => (column, row, text) => text.Write(DecimalText(Value<long>(column, row), scale)),
        { } type when type == typeof(BigDecimal) => (column, row, text) =>
            text.Write(DecimalText(Value<BigDecimal>(column, row).UnscaledValue, scale)),
        _ => null,
    };

    private static string DecimalText(BigInteger unscaled, int scale)
    {
        var digits = BigInteger.Abs(unscaled).ToString(CultureInfo.InvariantCulture).PadLeft(scale + 1, '0');
        var sign = unscaled.Sign < 0 ? "-" : "";
        return scale == 0 ? sign + digits : $"{sign}{digits[..^scale]}.{digits[^scale..]}";
    }

    private static ValueWriter? TimestampWriter(Leaf leaf, DateTimeDataField field)
    {
        if (leaf.Physical.ClrType != typeof(long))
        {
            return null;
        }
        bool isMillis = field.DateTimeFormat == DateTimeFormat.DateAndTime || field.Unit == DateTimeTimeUnit.Millis;
        bool isNanos = field.DateTimeFormat == DateTimeFormat.Timestamp && field.Unit == DateTimeTimeUnit.Nanos;
        bool isUtc = field.DateTimeFormat != DateTimeFormat.Timestamp || field.IsAdjustedToUTC;
        var format = isUtc ? "yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'" : "yyyy-MM-dd'T'HH:mm:ss.FFFFFFF";
        return (column, row, text) =>
        {
            long value = Value<long>(column, row);
            long ticks = isNanos ? value / 100 : checked(value * (isMillis ? TimeSpan.TicksPerMillisecond : TimeSpan.TicksPerMicrosecond));
            text.Write(DateTime.UnixEpoch.AddTicks(ticks).ToString(format, CultureInfo.InvariantCulture));
        };
    }

    private static ValueWriter TimeWriter(TimeUnitPrecision precision) => (column, row, text) =>
    {
        long ticks = precision switch
        {
            TimeUnitPrecision.Millis => Value<int>(column, row) * TimeSpan.TicksPerMillisecond,
            TimeUnitPrecision.Micros => checked(Value<long>(column, row) * TimeSpan.TicksPerMicrosecond),
            _ => Value<long>(column, row) / 100,
        };
        text.Write(new TimeOnly(ticks).ToString("HH:mm:ss.FFFFFFF", CultureInfo.InvariantCulture));
    };
}
