namespace FlexGen.Engine.Tests.Support;

/// <summary>Changes a file the way its writers do, and gives it the time of writing that it had.</summary>
internal static class FileChange
{
    public static void Make(string path, string change)
    {
        var (bytes, written) = (File.ReadAllBytes(path), File.GetLastWriteTimeUtc(path));
        Array.Fill(bytes, (byte)' ', bytes.Length / 2, bytes.Length / 4);
        switch (change)
        {
            case "in place":
                using (var file = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
                {
                    file.Write(bytes);
                }

                break;
            case "shorter":
                using (var file = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
                {
                    file.SetLength(bytes.Length / 2);
                }

                break;
            case "renamed":
                File.WriteAllBytes(path + ".new", bytes);
                File.Move(path + ".new", path, overwrite: true);
                break;
            default:
                File.Delete(path);
                return;
        }

        File.SetLastWriteTimeUtc(path, written);
    }
}
