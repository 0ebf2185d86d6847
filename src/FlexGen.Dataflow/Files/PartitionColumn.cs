using System.Globalization;
using FlexGen.Dataflow.Columns;
using Parquet.Meta;
using PhysicalType = Parquet.Meta.Type;

namespace FlexGen.Dataflow.Files;

/// <summary>A column that has the same value in all rows of a file, since the name of a folder above it says so.</summary>
/// <param name="type">What its values are in every file of the dataset.</param>
/// <param name="isNullable">Whether some file of the dataset has none.</param>
/// <param name="name">The column.</param>
/// <param name="value">The value as text; null for none.</param>
internal sealed class PartitionColumn(PartitionType type, bool isNullable, string name, string? value)
{
    private const int DaysTo1970 = 719_162;

    private readonly PhysicalField physical = PhysicalField.Create(Element(type, isNullable, name), PhysicalField.InNoFile);

    public string Name => name;

    public RowColumn Column => new([physical.Element]);

    public Leaf Leaf => new(name, physical);

    public ColumnData Data(int count) => type switch
    {
        _ when value is null => NullColumn.Of(physical, count),
        PartitionType.Number => Repeat(long.Parse(value, CultureInfo.InvariantCulture), count),
        PartitionType.Date => Repeat(DateOnly.ParseExact(value, "O", CultureInfo.InvariantCulture).DayNumber - DaysTo1970, count),
        _ => Repeat(new ReadOnlyMemory<byte>(System.Text.Encoding.UTF8.GetBytes(value)), count),
    };

    private static SchemaElement Element(PartitionType type, bool isNullable, string name) => new()
    {
        Name = name,
        RepetitionType = isNullable ? FieldRepetitionType.OPTIONAL : FieldRepetitionType.REQUIRED,
        Type = type switch
        {
            PartitionType.Number => PhysicalType.INT64,
            PartitionType.Date => PhysicalType.INT32,
            _ => PhysicalType.BYTE_ARRAY,
        },
        ConvertedType = type switch
        {
            PartitionType.Number => null,
            PartitionType.Date => ConvertedType.DATE,
            _ => ConvertedType.UTF8,
        },
        LogicalType = type switch
        {
            PartitionType.Number => null,
            PartitionType.Date => new() { DATE = new() },
            _ => new() { STRING = new() },
        },
    };

    private TypedColumnData<T> Repeat<T>(T one, int count)
        where T : struct
    {
        var present = isNullable ? new int[count] : null;
        present.AsSpan().Fill(1);
        var values = new T[count];
        values.AsSpan().Fill(one);
        return new TypedColumnData<T>(physical, values, present, null);
    }
}
