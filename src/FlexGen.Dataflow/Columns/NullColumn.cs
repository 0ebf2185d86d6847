namespace FlexGen.Dataflow.Columns;

/// <summary>A column that is null in every row.</summary>
internal static class NullColumn
{
    public static ColumnData Of(PhysicalField field, int count) => (ColumnData)Activator.CreateInstance(
        typeof(TypedColumnData<>).MakeGenericType(field.ClrType),
        field,
        Array.CreateInstance(field.ClrType, 0),
        new int[count],
        field.MaxRepetitionLevel > 0 ? new int[count] : null)!;
}
