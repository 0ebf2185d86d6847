namespace FlexGen.Engine.Profiling;

/// <summary>The machine's processor.</summary>
internal static class Processor
{
    /// <summary>Its name, as the system has it.</summary>
    public static string Name { get; } = Read();

    private static string Read()
    {
        const string key = "model name";
        try
        {
            var line = File.ReadLines("/proc/cpuinfo").FirstOrDefault(l => l.StartsWith(key, StringComparison.Ordinal));
            return line is null ? "unknown processor" : line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return "unknown processor";
        }
    }
}
