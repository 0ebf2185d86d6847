using FlexGen.Dataflow.Columns;
using Microsoft.Win32.SafeHandles;
using Parquet.Meta;

namespace FlexGen.Dataflow.Parquet.Pages;

/// <summary>What the headers of a column chunk's pages say. Arrow decompresses a page whole, and keeps it until the next is read.</summary>
/// <param name="Open">
/// The most bytes that it keeps at once: a dictionary to the end, and the largest page, the dictionary's own among them.
/// </param>
/// <param name="Stored">The bytes in the file of the page that has most there, which are in memory beside what they become.</param>
/// <param name="CanStream">Whether <see cref="StreamedChunk"/> can read it.</param>
internal readonly record struct ChunkPages(long Open, long Stored, bool CanStream)
{
    /// <param name="file">The file.</param>
    /// <param name="field">The leaf.</param>
    /// <param name="chunk">What the footer says of the chunk. Where pages are not as the format has them this ends: whoever reads them says so.</param>
    public static ChunkPages Of(SafeFileHandle file, PhysicalField field, ColumnMetaData chunk)
    {
        var at = ParquetChunks.StartOf(chunk);
        var end = at + chunk.TotalCompressedSize;
        var (dictionary, largest, stored) = (0L, 0L, 0L);
        var canStream = StreamedChunk.CanDecompress(chunk.Codec);
        while (at < end && PageHeader.Read(file, at, end) is { } header)
        {
            dictionary += header.Type == PageType.DICTIONARY_PAGE ? header.Bytes : 0;
            largest = Math.Max(largest, header.Bytes);
            stored = Math.Max(stored, header.StoredBytes);
            canStream &= StreamedChunk.CanDecode(header, field);
            at += header.Length + header.StoredBytes;
        }

        return new ChunkPages(dictionary + largest, stored, canStream && at == end);
    }
}
