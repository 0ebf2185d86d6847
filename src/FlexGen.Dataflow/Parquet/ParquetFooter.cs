using System.Buffers.Binary;

namespace FlexGen.Dataflow.Parquet;

/// <summary>
/// Looks through a file's footer before Parquet.Net parses it, which recurses into the schema and takes time that grows with the square of its depth:
/// a small file could end the process or hold it for minutes.
/// </summary>
internal static class ParquetFooter
{
    private const int MaxDepth = 100;
    private const int MaxElements = 100_000;
    private const int TailBytes = 8;

    /// <returns>A file of the footer alone, as Parquet.Net can parse it.</returns>
    /// <exception cref="PipelineException">The file is encrypted, or its footer is none that can be parsed.</exception>
    public static MemoryStream Open(FileStream file, string path)
    {
        var footer = Read(file, path);
        try
        {
            CheckSchema(footer);
            var whole = new ThriftReader(footer);
            var edits = new List<(int Start, int End, byte[] Instead)>();
            FooterShape.File.Check(ref whole, edits);
            return FileOf(footer, edits);
        }
        catch (InvalidDataException e)
        {
            throw new PipelineException($"cannot read {path}: its footer is damaged, or none that can be read ({e.Message}).", e);
        }
    }

    private static byte[] Read(FileStream file, string path)
    {
        if (file.Length < TailBytes + 4)
        {
            throw NotParquet(path, $"it has {file.Length} bytes");
        }

        Span<byte> head = stackalloc byte[4];
        Span<byte> tail = stackalloc byte[TailBytes];
        RandomAccess.Read(file.SafeFileHandle, head, 0);
        RandomAccess.Read(file.SafeFileHandle, tail, file.Length - TailBytes);
        var magic = tail[4..];
        if (magic.SequenceEqual("PARE"u8))
        {
            throw new PipelineException(
                $"cannot read {path}: it is encrypted, its footer too, so that not even its columns are known: "
                + "encrypted Parquet is not read. Write it without encryption.");
        }

        if (!head.SequenceEqual("PAR1"u8) || !magic.SequenceEqual("PAR1"u8))
        {
            throw NotParquet(path, "it does not begin and end with PAR1");
        }

        var length = BinaryPrimitives.ReadInt32LittleEndian(tail);
        if (length <= 0 || length > file.Length - TailBytes - 4)
        {
            throw NotParquet(path, $"its end says that the footer has {length} bytes, of a file of {file.Length}");
        }

        var footer = new byte[length];
        RandomAccess.Read(file.SafeFileHandle, footer, file.Length - TailBytes - length);
        return footer;
    }

    private static MemoryStream FileOf(byte[] footer, List<(int Start, int End, byte[] Instead)> edits)
    {
        var file = new MemoryStream(footer.Length + 12);
        file.Write("PAR1"u8);
        var at = 0;
        foreach (var (start, end, instead) in edits)
        {
            file.Write(footer.AsSpan(at..start));
            file.Write(instead);
            at = end;
        }

        file.Write(footer.AsSpan(at));
        Span<byte> length = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, (int)file.Length - 4);
        file.Write(length);
        file.Write("PAR1"u8);
        file.Position = 0;
        return file;
    }

    private static PipelineException NotParquet(string path, string why) => new($"cannot read {path}: it is not a Parquet file, or it is truncated ({why}).");

    private static void CheckSchema(byte[] footer)
    {
        const int Schema = 2;
        var thrift = new ThriftReader(footer);
        var id = 0;
        var hasSchema = false;
        while (thrift.ReadField(ref id, out var type))
        {
            if (id == Schema && type == ThriftReader.List)
            {
                hasSchema = true;
                CheckElements(ref thrift);
            }
            else
            {
                thrift.Skip(type);
            }
        }

        if (!hasSchema)
        {
            throw new InvalidDataException("its footer has no schema");
        }
    }

    private static void CheckElements(ref ThriftReader thrift)
    {
        var count = thrift.ReadList(out var type);
        if (type != ThriftReader.Struct || count is 0 or > MaxElements)
        {
            throw new InvalidDataException($"its schema has {count} elements, where 1 to {MaxElements} can be read");
        }
        // How many children of each group that an element is in are still to come.
        var open = new Stack<long>([1]);
        for (var i = 0; i < count; i++)
        {
            while (open.TryPeek(out var left) && left == 0)
            {
                open.Pop();
            }

            if (open.Count == 0)
            {
                throw new InvalidDataException("its schema has elements outside its root");
            }

            open.Push(open.Pop() - 1);
            open.Push(ReadChildren(ref thrift));
            if (open.Count > MaxDepth)
            {
                throw new InvalidDataException($"its schema has groups in each other deeper than the {MaxDepth} that can be read");
            }
        }

        if (open.Any(left => left != 0))
        {
            throw new InvalidDataException("its schema lacks elements that its groups count");
        }
    }

    private static long ReadChildren(ref ThriftReader thrift)
    {
        const int Children = 5;
        long children = 0;
        var id = 0;
        while (thrift.ReadField(ref id, out var type))
        {
            if (id == Children && type == ThriftReader.I32)
            {
                children = thrift.ReadInteger();
            }
            else
            {
                thrift.Skip(type);
            }
        }

        return children >= 0 ? children : throw new InvalidDataException($"its schema has a group of {children} children");
    }
}
