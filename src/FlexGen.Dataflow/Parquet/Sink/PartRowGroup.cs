using FlexGen.Dataflow.Columns;
using Parquet;
using Parquet.Meta;

namespace FlexGen.Dataflow.Parquet.Sink;

/// <summary>A row group of a part file: Parquet.Net writes its column chunks, except those of values of one length.</summary>
/// <param name="writer">Writes the chunks that Parquet.Net can.</param>
/// <param name="metadata">The row group in the footer to come.</param>
/// <param name="stream">The part file.</param>
/// <param name="fields">The leaves as Parquet.Net writes them.</param>
internal sealed class PartRowGroup(ParquetRowGroupWriter writer, RowGroup metadata, Stream stream, IReadOnlyList<PhysicalField> fields) : ILeafWriter
{
    public Task WriteAsync<T>(
        int leaf, ReadOnlyMemory<T> values, ReadOnlyMemory<int>? definitions, ReadOnlyMemory<int>? repetitions, CancellationToken cancellationToken)
        where T : struct
    {
        var field = fields[leaf];
        if (!field.IsFixedLength)
        {
            return writer.WriteAllPartsAsync(field, values, definitions, repetitions, cancellationToken);
        }

        var bytes = (ReadOnlyMemory<ReadOnlyMemory<byte>>)(object)values;
        metadata.Columns.Add(new ColumnChunk
        {
            FileOffset = stream.Position,
            MetaData = FixedLengthChunk.Write(
                stream, bytes.Span, definitions is { } d ? d.Span : [], field.MaxDefinitionLevel, repetitions is { } r ? r.Span : [], field.MaxRepetitionLevel),
        });
        return Task.CompletedTask;
    }
}
