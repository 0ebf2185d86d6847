using System.Text;

namespace FlexGen.Worker.JsonLines;

/// <summary>Files of lines that earlier runs began.</summary>
internal static class LineFile
{
    private const int Unbuffered = 1;

    /// <summary>Opens a file to go on behind its last whole line; what is behind that was cut off in the middle, and goes.</summary>
    /// <exception cref="IOException">It cannot be opened, or another process writes it.</exception>
    public static FileStream Append(string path)
    {
        var stream = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read, Unbuffered);
        stream.SetLength(EndOfLines(stream));
        stream.Seek(0, SeekOrigin.End);
        return stream;
    }

    /// <summary>The whole lines of a file; none where it is not there.</summary>
    public static IEnumerable<string> Read(string path)
    {
        if (!File.Exists(path))
        {
            yield break;
        }

        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        var left = EndOfLines(stream);
        stream.Seek(0, SeekOrigin.Begin);
        using var reader = new StreamReader(stream, Encoding.UTF8);
        while (left > 0 && reader.ReadLine() is { } line)
        {
            left -= Encoding.UTF8.GetByteCount(line) + 1;
            yield return line;
        }
    }

    /// <summary>Where the last line ends that ends.</summary>
    private static long EndOfLines(FileStream stream)
    {
        var buffer = new byte[1 << 16];
        for (var end = stream.Length; end > 0;)
        {
            var start = Math.Max(0, end - buffer.Length);
            var part = buffer.AsSpan(0, (int)(end - start));
            stream.Seek(start, SeekOrigin.Begin);
            stream.ReadExactly(part);
            if (part.LastIndexOf((byte)'\n') is >= 0 and var last)
            {
                return start + last + 1;
            }

            end = start;
        }

        return 0;
    }
}
