using System.Globalization;

namespace FlexGen.Dataflow.Parquet;

/// <summary>Names of part files: they sort in the order of their creation, and no reader of *.parquet sees an unfinished one.</summary>
internal static class PartName
{
    private const string Prefix = "part-";
    private const string Suffix = ".parquet";
    private const string TemporarySuffix = ".tmp";

    public static string Of(int number) => string.Create(CultureInfo.InvariantCulture, $"{Prefix}{number:D8}{Suffix}");

    public static string Temporary(int number) => $".{Of(number)}{TemporarySuffix}";

    public static int? NumberOf(string fileName) =>
        fileName.StartsWith(Prefix, StringComparison.Ordinal) && fileName.EndsWith(Suffix, StringComparison.Ordinal)
        && int.TryParse(fileName.AsSpan(Prefix.Length..^Suffix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : null;

    public static IEnumerable<string> Finished(string folder) =>
        Directory.Exists(folder) ? Directory.EnumerateFiles(folder, $"*{Suffix}").Order(StringComparer.Ordinal) : [];

    public static IEnumerable<string> Temporaries(string folder) =>
        Directory.EnumerateFiles(folder, $".{Prefix}*{Suffix}{TemporarySuffix}");
}
