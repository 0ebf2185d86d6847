using FlexGen.Dataflow.Columns;
using FlexGen.Dataflow.Parquet.Pages;
using FlexGen.Dataflow.Records;
using Microsoft.Win32.SafeHandles;
using Parquet.Meta;
using ParquetSharp;

namespace FlexGen.Dataflow.Parquet.Source;

/// <summary>
/// Reads a row group a few rows at a time: however large it is, what is in memory is a page of each column and those rows. Where the pages are too large for
/// that, those of the columns with the largest are not held, either.
/// </summary>
internal sealed class RowGroupSlices : IDisposable
{
    /// <summary>Rows that go through the graph's first blocks together.</summary>
    private const int RowsTogether = 64;

    /// <summary>A column that has so many bytes of rows ends a slice, or its share of what all may have.</summary>
    private const long BytesTogether = 256 << 10;
    private const long BytesOfAllTogether = 4 << 20;

    private readonly string path;
    private readonly int index;
    private readonly RowGroup metadata;
    private readonly IReadOnlyList<Leaf> leaves;
    private readonly long maxValueBytes;
    private readonly RowGroupReader group;
    private readonly ChunkReader[] chunks;
    private readonly long bytesTogether;

    /// <param name="file">The file.</param>
    /// <param name="stream">The same file.</param>
    /// <param name="path">Its path, for errors.</param>
    /// <param name="index">Which row group.</param>
    /// <param name="metadata">What the footer says of it.</param>
    /// <param name="leaves">What to read of it.</param>
    /// <param name="bounds">How much of it may be in memory.</param>
    /// <param name="whole">Reads the whole chunk of a leaf by other code than Arrow's.</param>
    /// <exception cref="PipelineException">A column cannot be read, or has a page that does not fit into memory.</exception>
    public RowGroupSlices(
        ParquetFileReader file,
        FileStream stream,
        string path,
        int index,
        RowGroup metadata,
        IReadOnlyList<Leaf> leaves,
        ReadBounds bounds,
        Func<PhysicalField, ColumnMetaData, WholeChunk<uint>> whole)
    {
        this.path = path;
        this.index = index;
        this.metadata = metadata;
        this.leaves = leaves;
        maxValueBytes = bounds.ValueBytes;
        bytesTogether = Math.Min(BytesTogether, BytesOfAllTogether / Math.Max(1, leaves.Count));
        chunks = new ChunkReader[leaves.Count];
        group = file.RowGroup(index);
        try
        {
            var isStreamed = ChooseStreamed(stream.SafeFileHandle, bounds);
            for (var leaf = 0; leaf < chunks.Length; leaf++)
            {
                chunks[leaf] = Reading(leaf, () => Open(leaf));
            }

            ChunkReader Open(int leaf)
            {
                var (field, chunk) = (leaves[leaf].Physical, ChunkOf(leaves[leaf]));
                return isStreamed[leaf]
                    ? ChunkReader.Stream(stream.SafeFileHandle, field, chunk, bounds.ValueBytes)
                    : ChunkReader.Open(group, field, chunk, bounds.ValueBytes, () => whole(field, chunk));
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
            var count = (int)Math.Min(metadata.NumRows - at, RowsTogether);
            for (var leaf = 0; leaf < chunks.Length; leaf++)
            {
                count = Fill(leaf, count, at);
            }

            var leftOut = new List<LeftOut>();
            var columns = chunks.Index().Select(chunk => chunk.Item.Take(count, (row, bytes) => leftOut.Add(TooLarge(chunk.Index, row, bytes)))).ToArray();
            yield return new RowSlice(new Rows(columns), first + at, count, leftOut);
            at += count;
        }

        for (var leaf = 0; leaf < chunks.Length; leaf++)
        {
            RequireEnd(leaf);
        }
    }

    public void Dispose()
    {
        foreach (var chunk in chunks)
        {
            chunk?.Dispose();
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
        chunks[leaf].Fill(count, bytesTogether);
        return chunks[leaf].Rows > 0 ? Math.Min(count, chunks[leaf].Rows) : throw new InvalidDataException($"it holds {at} rows, its row "
            + $"group {metadata.NumRows}");
    });

    private void RequireEnd(int leaf) => Reading(leaf, () => chunks[leaf] is { Rows: 0, LevelsLeft: 0 }
        ? true
        : throw new InvalidDataException($"it holds more than the {metadata.NumRows} rows of its row group"));

    // The largest first, until the rest may be open together.
    private bool[] ChooseStreamed(SafeFileHandle file, ReadBounds bounds)
    {
        var pages = leaves.Select(leaf => ChunkPages.Of(file, leaf.Physical, ChunkOf(leaf))).ToArray();
        var isStreamed = new bool[pages.Length];
        var open = pages.Sum(page => page.Open);
        foreach (var leaf in Enumerable.Range(0, pages.Length).Where(leaf => pages[leaf].CanStream).OrderByDescending(leaf => pages[leaf].Open))
        {
            if (open + pages[leaf].Stored <= bounds.OpenPageBytes)
            {
                break;
            }

            isStreamed[leaf] = true;
            open -= pages[leaf].Open;
        }

        var worst = Enumerable.Range(0, pages.Length).Where(leaf => !isStreamed[leaf]).DefaultIfEmpty(-1).MaxBy(leaf => leaf < 0 ? 0 : pages[leaf].Open);
        if (worst >= 0 && open + pages[worst].Stored > bounds.MostPageBytes)
        {
            throw TooLarge(
                worst,
                $"pages of up to {pages[worst].Open} bytes, {pages[worst].Stored} as stored; those of all columns come to {open}, where "
                    + $"{bounds.MostPageBytes} are the most");
        }

        return isStreamed;
    }

    private T Reading<T>(int leaf, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is OutOfMemoryException or OverflowException || e.Message.Contains("malloc", StringComparison.Ordinal))
        {
            throw TooLarge(leaf, "pages too large", e);
        }
        catch (Exception e) when (e is not (OperationCanceledException or PipelineException))
        {
            throw new PipelineException(
                $"cannot read column '{leaves[leaf].Column}' in row group {index} of {path}: the file is damaged or has an encoding that "
                    + $"cannot be read ({e.Message}).", e);
        }
    }

    private PipelineException TooLarge(int leaf, string pages, Exception? e = null)
    {
        var chunk = ChunkOf(leaves[leaf]);
        var message =
            $"column '{leaves[leaf].Column}' of {path} does not fit into memory: row group {index} has {metadata.NumRows} rows, {chunk.NumValues} values and "
            + $"{chunk.TotalUncompressedSize} bytes of it, in {pages}. Write the file with smaller pages or row groups, or leave the column out with "
            + "source.parquet.columns.";
        return e is null ? new PipelineException(message) : new PipelineException(message, e);
    }

    private ColumnMetaData ChunkOf(Leaf leaf) => metadata.Columns[leaf.Physical.Ordinal].MetaData!;
}
