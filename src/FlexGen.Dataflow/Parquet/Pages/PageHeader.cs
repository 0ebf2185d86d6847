using Microsoft.Win32.SafeHandles;
using Parquet.Meta;

namespace FlexGen.Dataflow.Parquet.Pages;

/// <summary>What stands before a page.</summary>
/// <param name="Length">The header's own bytes.</param>
/// <param name="Type">What the page is.</param>
/// <param name="Bytes">Its bytes once decompressed.</param>
/// <param name="StoredBytes">Its bytes in the file.</param>
internal readonly record struct PageHeader(int Length, PageType Type, int Bytes, int StoredBytes)
{
    private const int FirstBytes = 1 << 10;

    // Statistics of long values may be in it. Arrow gives up there, too.
    private const int MostBytes = 16 << 20;

    /// <summary>How many levels are in it, or values where it is a dictionary.</summary>
    public int Values { get; init; }

    public Encoding Encoding { get; init; }

    /// <summary>How levels are stored; those of a page of version 2 always in the same way.</summary>
    public (Encoding Repetitions, Encoding Definitions) LevelEncodings { get; init; }

    /// <summary>The bytes of the levels of a page of version 2, which are never compressed.</summary>
    public (int Repetitions, int Definitions) LevelBytes { get; init; }

    public bool IsCompressed { get; init; }

    /// <param name="file">The file.</param>
    /// <param name="at">Where the header begins.</param>
    /// <param name="end">Where the column chunk ends.</param>
    /// <returns>Null where there is no whole header.</returns>
    public static PageHeader? Read(SafeFileHandle file, long at, long end)
    {
        for (var buffer = new byte[FirstBytes]; ; buffer = new byte[MostBytes])
        {
            var count = RandomAccess.Read(file, buffer.AsSpan(0, (int)Math.Min(buffer.Length, end - at)), at);
            if (Parse(buffer.AsSpan(0, count)) is { } header)
            {
                return header;
            }

            if (count < buffer.Length || buffer.Length == MostBytes)
            {
                return null;
            }
        }
    }

    private static PageHeader? Parse(ReadOnlySpan<byte> bytes)
    {
        const int DataPage = 5, DictionaryPage = 7, DataPageV2 = 8;
        Span<long> page = stackalloc long[4];
        Span<long> data = stackalloc long[8];
        page.Fill(-1);
        data.Fill(-1);
        var kind = 0;
        try
        {
            var thrift = new ThriftReader(bytes);
            var id = 0;
            while (thrift.ReadField(ref id, out var type))
            {
                if (type == ThriftReader.Struct && id is DataPage or DictionaryPage or DataPageV2)
                {
                    kind = id;
                    ReadNumbers(ref thrift, data);
                }
                else
                {
                    ReadNumber(ref thrift, id, type, page);
                }
            }

            var isWhole = !page[..3].ContainsAnyInRange(long.MinValue, -1) && (kind == 0 || data[0] >= 0);
            return isWhole ? Of(thrift.Position, page, kind == DataPageV2, data) : null;
        }
        catch (Exception e) when (e is InvalidDataException or OverflowException)
        {
            return null;
        }
    }

    private static PageHeader Of(int length, ReadOnlySpan<long> page, bool isVersion2, ReadOnlySpan<long> data) => checked(
        new PageHeader(length, (PageType)page[0], (int)page[1], (int)page[2])
        {
            Values = (int)Math.Max(0, data[0]),
            Encoding = (Encoding)data[isVersion2 ? 3 : 1],
            LevelEncodings = isVersion2 ? (Encoding.RLE, Encoding.RLE) : ((Encoding)data[3], (Encoding)data[2]),
            LevelBytes = isVersion2 ? ((int)data[5], (int)data[4]) : (0, 0),
            IsCompressed = !isVersion2 || data[6] != 0,
        });

    private static void ReadNumbers(ref ThriftReader thrift, scoped Span<long> numbers)
    {
        var id = 0;
        while (thrift.ReadField(ref id, out var type))
        {
            ReadNumber(ref thrift, id, type, numbers);
        }
    }

    private static void ReadNumber(ref ThriftReader thrift, int id, byte type, scoped Span<long> numbers)
    {
        var isWanted = id >= 1 && id <= numbers.Length;
        if (isWanted && type == ThriftReader.I32)
        {
            numbers[id - 1] = thrift.ReadInteger();
        }
        else if (isWanted && type is 1 or 2)
        {
            numbers[id - 1] = type == 1 ? 1 : 0;
        }
        else
        {
            thrift.Skip(type);
        }
    }
}
