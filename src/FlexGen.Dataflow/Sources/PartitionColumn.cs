using System.Globalization;
using System.Text;
using FlexGen.Dataflow.Records;
using Parquet.Schema;

namespace FlexGen.Dataflow.Sources;

/// <summary>A column that has the same value in all rows of a file, since the name of a folder above it says so.</summary>
/// <param name="type">What its values are in every file of the dataset.</param>
/// <param name="isNullable">Whether some file of the dataset has none.</param>
/// <param name="name">The column.</param>
/// <param name="value">The value as text; null for none.</param>
internal sealed class PartitionColumn(PartitionType type, bool isNullable, string name, string? value)
{
    private const int DaysTo1970 = 719_162;

    private readonly DataField physical = new ParquetSchema(new DataField(name, Physical(type), isNullable)).DataFields[0];

    public string Name => name;

    public Field Field { get; } = new ParquetSchema(new DataField(name, Logical(type), isNullable)).Fields[0];

    public Leaf Leaf => new(name, (DataField)Field, physical);

    public ColumnType Type => new(type switch
    {
        PartitionType.Number => "int64",
        PartitionType.Date => "date as int32",
        _ => "string as binary",
    }, !isNullable, IsNested: false);

    public ColumnData Data(int count) => type switch
    {
        _ when value is null => ColumnData.Nulls(physical, count),
        PartitionType.Number => Repeat(long.Parse(value, CultureInfo.InvariantCulture), count),
        PartitionType.Date => Repeat(DateOnly.ParseExact(value, "O", CultureInfo.InvariantCulture).DayNumber - DaysTo1970, count),
        _ => Repeat(new ReadOnlyMemory<byte>(Encoding.UTF8.GetBytes(value)), count),
    };

    private static Type Logical(PartitionType type) => type switch
    {
        PartitionType.Number => typeof(long),
        PartitionType.Date => typeof(DateOnly),
        _ => typeof(string),
    };

    private static Type Physical(PartitionType type) => type switch
    {
        PartitionType.Number => typeof(long),
        PartitionType.Date => typeof(int),
        _ => typeof(byte[]),
    };

    private TypedColumnData<T> Repeat<T>(T one, int count)
        where T : struct
    {
        int[]? present = isNullable ? new int[count] : null;
        present.AsSpan().Fill(1);
        var values = new T[count];
        values.AsSpan().Fill(one);
        return new TypedColumnData<T>(physical, values, present, null);
    }
}
