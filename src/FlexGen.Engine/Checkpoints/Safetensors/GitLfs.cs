using FlexGen.Files;

namespace FlexGen.Engine.Checkpoints.Safetensors;

/// <summary>The small text that git keeps in place of a large file until git-lfs has fetched it.</summary>
internal static class GitLfs
{
    /// <summary>No such text has more bytes, by the format's own rule.</summary>
    public const int Longest = 1024;

    /// <exception cref="CheckpointException">A file holds such a text.</exception>
    public static void Refuse(string path)
    {
        if (File.Exists(path))
        {
            using var file = RegularFile.Open(path);
            var start = new byte[Longest];
            Refuse(path, start.AsSpan(0, RandomAccess.Read(file, start, 0)));
        }
    }

    /// <exception cref="CheckpointException">The bytes with which a file begins are such a text.</exception>
    public static void Refuse(string path, ReadOnlySpan<byte> start)
    {
        // The second name is that of its first releases.
        if (start.StartsWith("version https://git-lfs.github.com/spec/"u8) || start.StartsWith("version https://hawser.github.com/spec/"u8))
        {
            throw new CheckpointException($"{path}: is only git-lfs's pointer to the file; run 'git lfs pull' in the repository, or download the file itself");
        }
    }
}
