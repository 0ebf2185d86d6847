using FlexGen.Dataflow.Columns;
using Parquet;
using Parquet.Meta;

namespace FlexGen.Dataflow.Parquet.Source;

/// <summary>A column chunk that Parquet.Net has read whole.</summary>
/// <param name="maxDefinition">The level of what is there.</param>
/// <param name="values">The values that are not null.</param>
/// <param name="definitions">A level per value or null; null where nothing can be null.</param>
/// <param name="repetitions">A level per value or null; null where nothing repeats.</param>
internal sealed class WholeChunk<T>(int maxDefinition, T[] values, int[]? definitions, int[]? repetitions)
    where T : struct
{
    private int levelAt;
    private int valueAt;

    /// <param name="file">The file; what is outside the chunk is not read.</param>
    /// <param name="footer">Its footer as a file of its own.</param>
    /// <param name="group">The row group.</param>
    /// <param name="field">The leaf.</param>
    /// <param name="chunk">What the footer says of its chunk.</param>
    public static WholeChunk<T> Read(FileStream file, MemoryStream footer, int group, PhysicalField field, ColumnMetaData chunk)
    {
        // Nothing else is done on the thread meanwhile, and the stream's reading is not.
        return ReadAsync().GetAwaiter().GetResult();

        async Task<WholeChunk<T>> ReadAsync()
        {
            footer.Position = 0;
            var bounded = new ChunkStream(file, footer);
            await using var reader = await ParquetReader.CreateAsync(bounded, leaveStreamOpen: true);
            foreach (var other in reader.Metadata!.RowGroups[group].Columns)
            {
                // It would be decoded with the column, for nobody.
                other.MetaData?.Statistics = null;
            }

            bounded.Bound(ParquetChunks.StartOf(chunk), chunk.TotalCompressedSize);
            var count = checked((int)chunk.NumValues);
            var values = new T[count];
            var definitions = field.MaxDefinitionLevel > 0 ? new int[count] : null;
            var repetitions = field.MaxRepetitionLevel > 0 ? new int[count] : null;
            await reader.RowGroups[group].ReadRawAsync<T>(field, values, definitions?.AsMemory(), repetitions?.AsMemory(), CancellationToken.None);
            return new WholeChunk<T>(field.MaxDefinitionLevel, values, definitions, repetitions);
        }
    }

    /// <inheritdoc cref="ReadLevels{TRead}"/>
    public int Read(int count, Span<short> definitionsRead, Span<short> repetitionsRead, Span<T> valuesRead)
    {
        var present = 0;
        for (var i = 0; i < count; i++, levelAt++)
        {
            if (definitions is not null)
            {
                definitionsRead[i] = (short)definitions[levelAt];
            }

            if (repetitions is not null)
            {
                repetitionsRead[i] = (short)repetitions[levelAt];
            }

            if (definitions is null || definitions[levelAt] == maxDefinition)
            {
                valuesRead[present++] = values[valueAt++];
            }
        }

        return count;
    }
}
