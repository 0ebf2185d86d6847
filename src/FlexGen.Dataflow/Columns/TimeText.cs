using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using Parquet.Meta;
using PhysicalType = Parquet.Meta.Type;

namespace FlexGen.Dataflow.Columns;

/// <summary>Writes dates and times as in ISO 8601, to the nanosecond where there are any. Outside the years 1 to 9999 they have no text.</summary>
internal static class TimeText
{
    private const int DaysTo1970 = 719_162;
    private const long JulianDayOf1970 = 2_440_588;
    private const long SecondsPerDay = 86_400;
    private const long NanosPerSecond = 1_000_000_000;

    public static void WriteDate(ColumnData column, int row, IBufferWriter<char> text) =>
        text.Write(DateOnly.FromDayNumber(checked(column.Value<int>(row) + DaysTo1970)).ToString("O", CultureInfo.InvariantCulture));

    public static ValueWriter TimestampWriter(TimestampType type)
    {
        var perSecond = Annotation.PerSecond(type.Unit);
        var zone = type.IsAdjustedToUTC ? "Z" : "";
        return (column, row, text) =>
        {
            var value = column.Value<long>(row);
            var (seconds, fraction) = DivideFloor(value, perSecond);
            WriteTimestamp(seconds, fraction * (NanosPerSecond / perSecond), text);
            text.Write(zone);
        };
    }

    /// <summary>Eight bytes of nanoseconds in the day, four of the Julian day; of no time zone.</summary>
    public static void WriteInt96(ColumnData column, int row, IBufferWriter<char> text)
    {
        var bytes = column.BytesOf(row);
        var day = BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]) - JulianDayOf1970;
        var (seconds, nanos) = DivideFloor(BinaryPrimitives.ReadInt64LittleEndian(bytes), NanosPerSecond);
        WriteTimestamp((day * SecondsPerDay) + seconds, nanos, text);
    }

    public static ValueWriter TimeWriter(SchemaElement element, TimeType type)
    {
        var perSecond = Annotation.PerSecond(type.Unit);
        var isInt = element.Type == PhysicalType.INT32;
        var zone = type.IsAdjustedToUTC ? "Z" : "";
        return (column, row, text) =>
        {
            var value = isInt ? column.Value<int>(row) : column.Value<long>(row);
            var (seconds, fraction) = DivideFloor(value, perSecond);
            text.Write(new TimeOnly(checked(seconds * TimeSpan.TicksPerSecond)).ToString("HH:mm:ss", CultureInfo.InvariantCulture));
            WriteFraction(fraction * (NanosPerSecond / perSecond), text);
            text.Write(zone);
        };
    }

    private static void WriteTimestamp(long seconds, long nanos, IBufferWriter<char> text)
    {
        text.Write(DateTime.UnixEpoch.AddTicks(checked(seconds * TimeSpan.TicksPerSecond)).ToString("yyyy-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture));
        WriteFraction(nanos, text);
    }

    private static void WriteFraction(long nanos, IBufferWriter<char> text)
    {
        if (nanos > 0)
        {
            text.Write($".{nanos.ToString("D9", CultureInfo.InvariantCulture).TrimEnd('0')}");
        }
    }

    private static (long Quotient, long Remainder) DivideFloor(long value, long by)
    {
        var (quotient, remainder) = Math.DivRem(value, by);
        return remainder < 0 ? (quotient - 1, remainder + by) : (quotient, remainder);
    }
}
