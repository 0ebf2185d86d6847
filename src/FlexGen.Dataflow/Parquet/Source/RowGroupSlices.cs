using FlexGen.Dataflow.Columns;
using FlexGen.Dataflow.Records;
using Parquet.Meta;
using ParquetSharp;

namespace FlexGen.Dataflow.Parquet.Source;

/// <summary>Reads a row group a few rows at a time: however large it is, what is in memory is a page of each column and those rows.</summary>
internal sealed class RowGroupSlices : IDisposable
{
    /// <summary>Rows that go through the graph's first blocks together.</summary>
    private const int RowsTogether = 64;

    /// <summary>A column that has so many bytes of rows ends a slice.</summary>
    private const long BytesTogether = 256 << 10;

    private readonly string path;
    private readonly int index;
    private readonly RowGroup metadata;
    private readonly IReadOnlyList<Leaf> leaves;
    private readonly long maxValueBytes;
    private readonly RowGroupReader group;
    private readonly List<ChunkReader> chunks = [];

    /// <param name="file">The file.</param>
    /// <param name="path">Its path, for errors.</param>
    /// <param name="index">Which row group.</param>
    /// <param name="metadata">What the footer says of it.</param>
    /// <param name="leaves">What to read of it.</param>
    /// <param name="maxValueBytes">A leaf's row with more bytes is left blank.</param>
    /// <param name="whole">Reads the whole chunk of a leaf of it by other code than Arrow's.</param>
    /// <exception cref="PipelineException">A column cannot be read.</exception>
    public RowGroupSlices(
        ParquetFileReader file,
        string path,
        int index,
        RowGroup metadata,
        IReadOnlyList<Leaf> leaves,
        long maxValueBytes,
        Func<PhysicalField, ColumnMetaData, WholeChunk<uint>> whole)
    {
        this.path = path;
        this.index = index;
        this.metadata = metadata;
        this.leaves = leaves;
        this.maxValueBytes = maxValueBytes;
        group = file.RowGroup(index);
        try
        {
            foreach (var leaf in leaves)
            {
                chunks.Add(Reading(chunks.Count, () => ChunkReader.Open(group, leaf.Physical, ChunkOf(leaf), maxValueBytes, whole)));
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The rows, in order.</summary>
    /// <param name="first">The position of the first.</param>
    /// <exception cref="PipelineException">A column is damaged, or stored in a way that cannot be read.</exception>
    public IEnumerable<RowSlice> Read(long first)
    {
        for (long at = 0; at < metadata.NumRows;)
        {
            int count = (int)Math.Min(metadata.NumRows - at, RowsTogether);
            for (int leaf = 0; leaf < chunks.Count; leaf++)
            {
                count = Fill(leaf, count, at);
            }
            var leftOut = new List<LeftOut>();
            var columns = chunks.Index().Select(chunk => chunk.Item.Take(count, (row, bytes) => leftOut.Add(TooLarge(chunk.Index, row, bytes)))).ToArray();
            yield return new RowSlice(new Rows(columns), first + at, count, leftOut);
            at += count;
        }
        for (int leaf = 0; leaf < chunks.Count; leaf++)
        {
            RequireEnd(leaf);
        }
    }

    public void Dispose()
    {
        foreach (var chunk in chunks)
        {
            chunk.Dispose();
        }
        group.Dispose();
    }

    private LeftOut TooLarge(int leaf, int row, long bytes) => new(
        leaf,
        row,
        "value_too_large",
        $"column '{leaves[leaf].Column}' holds {bytes} bytes, where {maxValueBytes} are the most that source.parquet.maxValueBytes allows; they are left out.");

    private int Fill(int leaf, int count, long at) => Reading(leaf, () =>
    {
        chunks[leaf].Fill(count, BytesTogether);
        return chunks[leaf].Rows > 0 ? Math.Min(count, chunks[leaf].Rows) : throw new InvalidDataException($"it holds {at} rows, its row group {metadata.NumRows}");
    });

    private void RequireEnd(int leaf) => Reading(leaf, () => chunks[leaf] is { Rows: 0, LevelsLeft: 0 }
        ? true
        : throw new InvalidDataException($"it holds more than the {metadata.NumRows} rows of its row group"));

    private T Reading<T>(int leaf, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is OutOfMemoryException or OverflowException || e.Message.Contains("malloc", StringComparison.Ordinal))
        {
            var chunk = ChunkOf(leaves[leaf]);
            throw new PipelineException(
                $"column '{leaves[leaf].Column}' of {path} does not fit into memory: row group {index} has {metadata.NumRows} rows, {chunk.NumValues} values and "
                + $"{chunk.TotalUncompressedSize} bytes of it, in pages too large. Write the file with smaller pages or row groups, or leave the column out with "
                + "source.parquet.columns.",
                e);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            throw new PipelineException(
                $"cannot read column '{leaves[leaf].Column}' in row group {index} of {path}: the file is damaged or has an encoding that cannot be read ({e.Message}).", e);
        }
    }

    private ColumnMetaData ChunkOf(Leaf leaf) => metadata.Columns[leaf.Physical.Ordinal].MetaData!;
}
