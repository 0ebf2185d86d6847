using System.Globalization;

namespace FlexGen.Tokenizers.Normalization;

/// <summary>Unicode's decompositions, compositions and combining classes, as make-unicode-table.py writes them.</summary>
internal sealed class UnicodeTable
{
    private static readonly Lazy<UnicodeTable> instance = new(() => new UnicodeTable());
    private readonly Dictionary<int, int[]> canonical = [];
    private readonly Dictionary<int, int[]> compatibility = [];
    private readonly Dictionary<(int, int), int> compositions = [];
    private readonly Dictionary<int, int> classes = [];

    private UnicodeTable()
    {
        using var stream = typeof(UnicodeTable).Assembly.GetManifestResourceStream("unicode-normalization.txt")!;
        using var reader = new StreamReader(stream);
        reader.ReadLine();
        foreach (var entry in reader.ReadToEnd().Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries))
        {
            Read(entry);
        }
    }

    public static UnicodeTable Instance => instance.Value;

    public int ClassOf(int code) => classes.GetValueOrDefault(code);

    /// <summary>What a character is made of, one step deep; null when it is not made of others.</summary>
    public int[]? PartsOf(int code, bool compatible) =>
        canonical.GetValueOrDefault(code) ?? (compatible ? compatibility.GetValueOrDefault(code) : null);

    public int? Composed(int first, int second) =>
        compositions.TryGetValue((first, second), out var composed) ? composed : Hangul.Composed(first, second);

    /// <summary>Every character that a normalised text may lack, or may hold only in some places.</summary>
    public IEnumerable<int> MayChange(bool compatible)
    {
        var stable = compositions.Values.Where(code => !compatible || !IsCompatibility(code)).ToHashSet();
        return classes.Keys
            .Concat(compositions.Keys.Select(pair => pair.Item2))
            .Concat(Hangul.Joining())
            .Concat(canonical.Keys.Where(code => !stable.Contains(code)))
            .Concat(compatible ? compatibility.Keys : []);
    }

    private bool IsCompatibility(int code) =>
        compatibility.ContainsKey(code) || (canonical.TryGetValue(code, out var parts) && parts.Any(IsCompatibility));

    private void Read(string entry)
    {
        var at = entry.AsSpan().IndexOfAny("=!~:");
        var key = entry[..at];
        if (entry[at] == ':')
        {
            var ends = key.Split('-');
            for (var code = Hex(ends[0]); code <= Hex(ends[1]); code++)
            {
                classes[code] = Hex(entry[(at + 1)..]);
            }

            return;
        }

        var parts = entry[(at + 1)..].Split('+').Select(Hex).ToArray();
        (entry[at] == '~' ? compatibility : canonical)[Hex(key)] = parts;
        if (entry[at] == '=')
        {
            compositions[(parts[0], parts[1])] = Hex(key);
        }
    }

    private static int Hex(string digits) => int.Parse(digits, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
}
