using FlexGen.Interop;

namespace FlexGen.Worker.Hosting;

/// <summary>What the process must be allowed before it can do anything, an error message included.</summary>
internal static class ProcessLimits
{
    /// <summary>The runtime, libtorch and the libraries keep 100 to 130 files open, to which come data files, sockets and scratch files.</summary>
    private const ulong LeastOpenFiles = 256;

    /// <summary>Whether it is allowed that; an error says what is not.</summary>
    public static bool Suffice()
    {
        ulong limit = OpenFiles.Limit;
        if (limit < LeastOpenFiles)
        {
            // Without a formatted text, an exception or Linq, whose libraries would be files to open.
            Console.Error.Write("error: The process may have ");
            Console.Error.Write(limit);
            Console.Error.Write(" files open; it needs ");
            Console.Error.Write(LeastOpenFiles);
            Console.Error.WriteLine(" or more. Raise the limit with ulimit -n (docker run --ulimit nofile=1024, LimitNOFILE=1024 of a systemd unit).");
            return false;
        }
        return true;
    }
}
