using System.Buffers;
using System.Runtime.CompilerServices;

namespace FlexGen.Dataflow.Columns;

/// <inheritdoc cref="ColumnData"/>
/// <param name="field">The leaf; gives the maximum levels.</param>
/// <param name="values">The values that are not null, in order.</param>
/// <param name="definitions">A definition level per value or null; null for a column that is required all the way down.</param>
/// <param name="repetitions">A repetition level per value or null; null for a column that does not repeat.</param>
internal sealed class TypedColumnData<T>(PhysicalField field, T[] values, int[]? definitions, int[]? repetitions) : ColumnData
    where T : struct
{
    private const int Int96Bytes = 12;

    /// <summary>Both levels of an item of a list, and where its value is.</summary>
    private const long LevelBytes = 3 * sizeof(int);

    /// <summary>What a value takes beside its bytes: the reference to them and the header of their array.</summary>
    private const long BytesOfOwnMemory = 40;

    // The shared pool keeps arrays for each thread that a write has passed through.
    private static readonly ArrayPool<T> valuePool = ArrayPool<T>.Create(1 << 22, 1);
    private static readonly ArrayPool<int> levelPool = ArrayPool<int>.Create(1 << 22, 2);
    private readonly int[]? levelStarts = repetitions is null ? null : StartsOfRows(repetitions);
    private readonly int[]? valueStarts = definitions is null ? null : StartsOfValues(definitions, field.MaxDefinitionLevel);

    /// <summary>The value of a row of a column that is not nested and not null there.</summary>
    public T Value(int row) => values[ValueStart(row)];

    public override ColumnData As(PhysicalField wider, int[] levels) => new TypedColumnData<T>(wider, values, DefinitionsIn(wider, levels), repetitions);

    /// <summary>The values as those of a leaf of a wider type.</summary>
    /// <param name="wider">The leaf.</param>
    /// <param name="levels">Its definition level for each of this one's.</param>
    /// <param name="convert">Makes its value of one of these; null where it has none.</param>
    /// <param name="onLost">Told of each value for which it has none, and of the row; something else stands there.</param>
    public TypedColumnData<TWide> As<TWide>(PhysicalField wider, int[] levels, Func<T, TWide?> convert, Action<int, T> onLost)
        where TWide : struct
    {
        var converted = new TWide[values.Length];
        for (var i = 0; i < values.Length; i++)
        {
            if (convert(values[i]) is { } wide)
            {
                converted[i] = wide;
            }
            else
            {
                converted[i] = TypedColumnData<TWide>.BlankValue(wider);
                onLost(RowOf(i), values[i]);
            }
        }

        return new TypedColumnData<TWide>(wider, converted, DefinitionsIn(wider, levels), repetitions);
    }

    public override bool IsNull(int row) => ValueStart(row) == ValueStart(row + 1);

    public override long Bytes(int row) =>
        Bytes(ValueStart(row), ValueStart(row + 1)) + (levelStarts is null ? 0 : (LevelStart(row + 1) - LevelStart(row)) * LevelBytes);

    public override long Bytes() => Bytes(0, values.Length) + (repetitions?.Length ?? 0) * LevelBytes;

    private long Bytes(int start, int end)
    {
        if (typeof(T) != typeof(ReadOnlyMemory<byte>))
        {
            return (end - start) * (long)Unsafe.SizeOf<T>();
        }

        long bytes = 0;
        for (var i = start; i < end; i++)
        {
            bytes += Bytes(ref values[i]).Length + BytesOfOwnMemory;
        }

        return bytes;
    }

    public override ColumnData CopyRow(int row)
    {
        var levels = LevelStart(row)..LevelStart(row + 1);
        return new TypedColumnData<T>(field, values[ValueStart(row)..ValueStart(row + 1)], definitions?[levels], repetitions?[levels]);
    }

    public override ColumnData Blank() => new TypedColumnData<T>(
        field,
        field.MaxDefinitionLevel > 0 ? [] : [BlankValue(field)],
        definitions is null ? null : [0],
        repetitions is null ? null : [0]);

    /// <summary>What stands for a value that is left out where there has to be one.</summary>
    public static T BlankValue(PhysicalField field)
    {
        T blank = default;
        if (field.IsFixedLength)
        {
            Bytes(ref blank) = new byte[field.Element.TypeLength ?? Int96Bytes];
        }

        return blank;
    }

    public override bool All(int row, Predicate<ReadOnlyMemory<byte>> holds)
    {
        for (var i = ValueStart(row); i < ValueStart(row + 1); i++)
        {
            if (!holds(Bytes(ref values[i])))
            {
                return false;
            }
        }

        return true;
    }

    public override ColumnData Replace(int row, Func<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>> value)
    {
        var replaced = values[ValueStart(row)..ValueStart(row + 1)];
        foreach (ref var old in replaced.AsSpan())
        {
            Bytes(ref old) = value(Bytes(ref old));
        }

        var levels = LevelStart(row)..LevelStart(row + 1);
        return new TypedColumnData<T>(field, replaced, definitions?[levels], repetitions?[levels]);
    }

    public override async Task WriteAsync(ILeafWriter writer, int leaf, IReadOnlyList<(ColumnData Column, int Row)> rows, CancellationToken cancellationToken)
    {
        var valueCount = 0;
        var levelCount = 0;
        foreach (var (of, row) in rows)
        {
            var column = (TypedColumnData<T>)of;
            valueCount += column.ValueStart(row + 1) - column.ValueStart(row);
            levelCount += column.LevelStart(row + 1) - column.LevelStart(row);
        }

        var allValues = valuePool.Rent(valueCount);
        var allDefinitions = definitions is null ? null : levelPool.Rent(levelCount);
        var allRepetitions = repetitions is null ? null : levelPool.Rent(levelCount);
        var valueAt = 0;
        var levelAt = 0;
        foreach (var (column, row) in rows)
        {
            ((TypedColumnData<T>)column).CopyTo(row, allValues, ref valueAt, allDefinitions, allRepetitions, ref levelAt);
        }

        await writer.WriteAsync<T>(
            leaf,
            allValues.AsMemory(0, valueCount),
            allDefinitions?.AsMemory(0, levelCount),
            allRepetitions?.AsMemory(0, levelCount),
            cancellationToken);
        valuePool.Return(allValues, RuntimeHelpers.IsReferenceOrContainsReferences<T>());
        if (allDefinitions is not null)
        {
            levelPool.Return(allDefinitions);
        }

        if (allRepetitions is not null)
        {
            levelPool.Return(allRepetitions);
        }
    }

    private void CopyTo(int row, T[] allValues, ref int valueAt, int[]? allDefinitions, int[]? allRepetitions, ref int levelAt)
    {
        var valueStart = ValueStart(row);
        var valueCount = ValueStart(row + 1) - valueStart;
        var levelStart = LevelStart(row);
        var levelCount = LevelStart(row + 1) - levelStart;
        values.AsSpan(valueStart, valueCount).CopyTo(allValues.AsSpan(valueAt));
        definitions?.AsSpan(levelStart, levelCount).CopyTo(allDefinitions.AsSpan(levelAt));
        repetitions?.AsSpan(levelStart, levelCount).CopyTo(allRepetitions.AsSpan(levelAt));
        valueAt += valueCount;
        levelAt += levelCount;
    }

    private static ref ReadOnlyMemory<byte> Bytes(ref T value) => ref Unsafe.As<T, ReadOnlyMemory<byte>>(ref value);

    private int[]? DefinitionsIn(PhysicalField wider, int[] levels)
    {
        if (wider.MaxDefinitionLevel == field.MaxDefinitionLevel)
        {
            return definitions;
        }

        if (definitions is not null)
        {
            return Array.ConvertAll(definitions, level => levels[level]);
        }

        var present = new int[values.Length];
        present.AsSpan().Fill(wider.MaxDefinitionLevel);
        return present;
    }

    private int RowOf(int value)
    {
        var row = 0;
        while (ValueStart(row + 1) <= value)
        {
            row++;
        }

        return row;
    }

    private int LevelStart(int row) => levelStarts is null ? row : levelStarts[row];

    private int ValueStart(int row)
    {
        var level = LevelStart(row);
        return valueStarts is null ? level : valueStarts[level];
    }

    private static int[] StartsOfRows(int[] repetitions)
    {
        var starts = new List<int>();
        for (var i = 0; i < repetitions.Length; i++)
        {
            if (repetitions[i] == 0)
            {
                starts.Add(i);
            }
        }

        starts.Add(repetitions.Length);
        return [.. starts];
    }

    private static int[] StartsOfValues(int[] definitions, int present)
    {
        var starts = new int[definitions.Length + 1];
        for (var i = 0; i < definitions.Length; i++)
        {
            starts[i + 1] = starts[i] + (definitions[i] == present ? 1 : 0);
        }

        return starts;
    }
}
