using FlexGen.Interop;
using Microsoft.Win32.SafeHandles;

namespace FlexGen.Worker.Hosting;

/// <summary>What the process must be allowed before it can do anything, an error message included.</summary>
internal static class ProcessLimits
{
    private const int StandardError = 2;

    /// <summary>The runtime, libtorch and the libraries keep 100 to 130 files open, to which come data files, sockets and scratch files.</summary>
    private const ulong LeastOpenFiles = 256;

    /// <summary>Whether it is allowed that; an error says what is not.</summary>
    public static bool Suffice()
    {
        var limit = OpenFiles.Limit;
        if (limit < LeastOpenFiles)
        {
            Say(limit);
            return false;
        }

        return true;
    }

    // By the runtime's core alone: the console, Linq and a culture are libraries, each of which would be a file to open.
    private static void Say(ulong limit)
    {
        var text = string.Concat("error: The process may have ", Digits(limit), " files open; it needs ", Digits(LeastOpenFiles))
            + " or more. Raise the limit with ulimit -n (docker run --ulimit nofile=1024, LimitNOFILE=1024 of a systemd unit).\n";
        var bytes = new byte[text.Length];
        for (var i = 0; i < bytes.Length; i++)
        {
            bytes[i] = (byte)text[i];
        }

        using var handle = new SafeFileHandle(StandardError, ownsHandle: false);
        try
        {
            using var stream = new FileStream(handle, FileAccess.Write, bufferSize: 0);
            stream.Write(bytes);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It is closed: the exit code remains.
        }
    }

    private static string Digits(ulong number)
    {
        var digits = "";
        for (; number > 0; number /= 10)
        {
            digits = string.Concat(((char)('0' + (number % 10))).ToString(), digits);
        }

        return digits;
    }
}
