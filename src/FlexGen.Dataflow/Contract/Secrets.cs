using System.Collections.Concurrent;

namespace FlexGen.Dataflow;

/// <summary>The values that came from the environment or from files: wherever one would show, what it was named by shows instead.</summary>
internal static class Secrets
{
    /// <summary>Shorter ones hide nothing, and are part of many words.</summary>
    private const int MinLength = 4;
    private const int MinPartLength = 6;
    private static readonly ConcurrentDictionary<string, string> names = new();

    /// <param name="value">The value. A client may quote a line or a word of it.</param>
    /// <param name="name">What stands for it in the pipeline file.</param>
    public static void Add(string value, string name)
    {
        var parts = value.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Where(part => part.Length >= MinPartLength);
        foreach (var secret in value.Length >= MinLength ? parts.Prepend(value) : [])
        {
            names[secret] = name;
        }
    }

    public static string Hide(string text)
    {
        foreach (var (secret, name) in names.Where(p => text.Contains(p.Key, StringComparison.Ordinal)).OrderByDescending(p => p.Key.Length))
        {
            text = text.Replace(secret, name, StringComparison.Ordinal);
        }

        return text;
    }
}
