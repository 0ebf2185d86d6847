using System.Runtime.InteropServices;
using FlexGen.Planning.Formats;

namespace FlexGen.Engine.Quantization;

/// <summary>Reads a matrix as its packed form, of which any bytes may be asked for, tiles in parallel.</summary>
internal static unsafe class PackedReader
{
    /// <summary>Bytes of float32 that a thread asks for at once, where a tile has no more.</summary>
    private const long PieceBytes = 1 << 20;

    /// <summary>Reads rows as float32.</summary>
    /// <param name="first">The first of them.</param>
    /// <param name="count">How many.</param>
    /// <param name="to">Takes [count, columns].</param>
    public delegate void Rows(long first, int count, IntPtr to);

    /// <summary>Makes whole tiles.</summary>
    /// <param name="first">The first of them.</param>
    /// <param name="count">How many.</param>
    /// <param name="to">Takes their bytes.</param>
    public delegate void Tiles(long first, int count, byte* to);

    /// <summary>Packs numbers as they are read. A thread needs up to 2 MiB and a tile in float32.</summary>
    /// <param name="shape">The packed form.</param>
    /// <param name="start">The first byte of it.</param>
    /// <param name="to">Where to, in host memory.</param>
    /// <param name="bytes">How many.</param>
    /// <param name="read">Reads rows; threads call it at the same time.</param>
    /// <param name="refused">Makes the exception for a number that cannot be packed, given what it is and where it stands.</param>
    public static void Quantize(PackedShape shape, long start, IntPtr to, long bytes, Rows read, Func<string, Exception> refused)
    {
        var tileFloats = PackedShape.TileRows * shape.Columns;
        var together = (int)Math.Max(1, PieceBytes / (tileFloats * sizeof(float)));
        Read(shape, start, to, bytes, together, (first, count, packed) =>
        {
            var row = first * PackedShape.TileRows;
            var rows = (int)Math.Min((long)count * PackedShape.TileRows, shape.Rows - row);
            var numbers = (float*)NativeMemory.Alloc((nuint)(rows * shape.Columns), sizeof(float));
            try
            {
                read(row, rows, (IntPtr)numbers);
                for (var n = 0; n < count; n++)
                {
                    var inTile = Math.Min(PackedShape.TileRows, rows - (n * PackedShape.TileRows));
                    if (!Int4Quantizer.Pack(numbers + (n * tileFloats), inTile, shape, packed + (n * shape.TileBytes)))
                    {
                        throw refused(Unrepresentable(numbers + (n * tileFloats), inTile, shape, row + (n * PackedShape.TileRows)));
                    }
                }
            }
            finally
            {
                NativeMemory.Free(numbers);
            }
        });
    }

    /// <summary>Any bytes of what is made in whole tiles. An exception is that of the first tile that has one.</summary>
    /// <param name="shape">The packed form.</param>
    /// <param name="start">The first byte of it.</param>
    /// <param name="to">Where to, in host memory.</param>
    /// <param name="bytes">How many.</param>
    /// <param name="together">The most tiles that are asked for at once.</param>
    /// <param name="make">Makes tiles; threads call it at the same time.</param>
    public static void Read(PackedShape shape, long start, IntPtr to, long bytes, int together, Tiles make)
    {
        if (bytes == 0)
        {
            return;
        }

        var end = start + bytes;
        var (firstTile, lastTile) = (start / shape.TileBytes, (end - 1) / shape.TileBytes);
        var failures = new SortedList<long, Exception>();
        Parallel.For(0, ((lastTile - firstTile) / together) + 1, (piece, state) =>
        {
            var first = firstTile + (piece * together);
            try
            {
                Make(first, (int)Math.Min(together, lastTile + 1 - first));
            }
            catch (Exception exception)
            {
                lock (failures)
                {
                    failures.Add(piece, exception);
                }

                state.Break();
            }
        });
        if (failures.Count > 0)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(failures.Values[0]);
        }

        void Make(long first, int count)
        {
            var (from, until) = (first * shape.TileBytes, (first + count) * shape.TileBytes);
            if (start <= from && until <= end)
            {
                make(first, count, (byte*)to + (from - start));
                return;
            }

            var whole = (byte*)NativeMemory.Alloc((nuint)(until - from));
            try
            {
                make(first, count, whole);
                var (begin, stop) = (Math.Max(from, start), Math.Min(until, end));
                Buffer.MemoryCopy(whole + (begin - from), (byte*)to + (begin - start), stop - begin, stop - begin);
            }
            finally
            {
                NativeMemory.Free(whole);
            }
        }
    }

    private static string Unrepresentable(float* rows, int count, PackedShape shape, long firstRow)
    {
        for (var n = 0L; n < count * shape.Columns; n++)
        {
            if (!float.IsFinite(rows[n]))
            {
                var found = float.IsNaN(rows[n]) ? "NaN" : rows[n] > 0 ? "infinity" : "minus infinity";
                return $"row {firstRow + (n / shape.Columns)}, column {n % shape.Columns} is {found}";
            }
        }

        return $"numbers of a group of {shape.Group} in rows {firstRow} to {firstRow + count - 1} are too large for a scale in float16";
    }
}
