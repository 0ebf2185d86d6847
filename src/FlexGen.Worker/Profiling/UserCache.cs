namespace FlexGen.Worker.Profiling;

/// <summary>The folder in which a user's programs keep what they can do without.</summary>
internal static class UserCache
{
    /// <summary>This program's: <c>$XDG_CACHE_HOME/flexgen</c>, or <c>~/.cache/flexgen</c>.</summary>
    /// <param name="variable">Reads an environment variable.</param>
    public static string Folder(Func<string, string?> variable)
    {
        // As the specification has it, a path that is not absolute does not count.
        var cache = variable("XDG_CACHE_HOME") is { } given && Path.IsPathRooted(given) ? given
            : Path.Combine(variable("HOME") is { Length: > 0 } home ? home : Path.GetTempPath(), ".cache");
        return Path.Combine(cache, "flexgen");
    }

    /// <summary>Writes a file, whose folder is made where it is not there: all of the text is in it, or what was there before.</summary>
    /// <returns>Why it could not be written; null: it was.</returns>
    public static string? Write(string path, string text)
    {
        var draft = $"{path}.{Guid.NewGuid():N}";
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            try
            {
                File.WriteAllText(draft, text);
                File.Move(draft, path, overwrite: true);
            }
            finally
            {
                File.Delete(draft);
            }

            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return e.Message.EndsWith('.') ? e.Message : e.Message + ".";
        }
    }
}
