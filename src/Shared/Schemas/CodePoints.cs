using System.Globalization;
using System.Text;

namespace FlexGen.Schemas;

/// <summary>A set of code points, as ranges.</summary>
internal sealed class CodePoints
{
    public const int Last = 0x10FFFF;

    private readonly (int First, int Last)[] ranges;

    /// <param name="unsorted">Ranges, both ends in the set, in any order.</param>
    public CodePoints(IEnumerable<(int First, int Last)> unsorted)
    {
        var merged = new List<(int First, int Last)>();
        foreach (var range in unsorted.Order())
        {
            if (merged.Count > 0 && range.First <= merged[^1].Last + 1)
            {
                merged[^1] = (merged[^1].First, Math.Max(merged[^1].Last, range.Last));
            }
            else
            {
                merged.Add(range);
            }
        }

        ranges = [.. merged];
    }

    public static CodePoints Digits { get; } = new([('0', '9')]);

    public static CodePoints Word { get; } = new([('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')]);

    public static CodePoints Space { get; } = new(
    [
        (0x9, 0xD), (0x20, 0x20), (0xA0, 0xA0), (0x1680, 0x1680), (0x2000, 0x200A), (0x2028, 0x2029), (0x202F, 0x202F), (0x205F, 0x205F),
        (0x3000, 0x3000), (0xFEFF, 0xFEFF),
    ]);

    /// <summary>What the dot matches.</summary>
    public static CodePoints NoLineEnd { get; } = new CodePoints([('\n', '\n'), ('\r', '\r'), (0x2028, 0x2029)]).Complement();

    public IReadOnlyList<(int First, int Last)> Ranges => ranges;

    public CodePoints Complement()
    {
        var rest = new List<(int, int)>();
        var next = 0;
        foreach (var (first, last) in ranges)
        {
            if (first > next)
            {
                rest.Add((next, first - 1));
            }

            next = last + 1;
        }

        if (next <= Last)
        {
            rest.Add((next, Last));
        }

        return new CodePoints(rest);
    }

    /// <summary>
    /// Writes an expression over UTF-16 units that matches one code point of the set. Halves of pairs by themselves are left out: texts
    /// have none.
    /// </summary>
    public void Write(StringBuilder? to)
    {
        if (to is null)
        {
            return;
        }

        var alternatives = new List<string>();
        var basic = Clip(0, 0xD7FF).Concat(Clip(0xE000, 0xFFFF)).ToList();
        if (basic.Count > 0)
        {
            alternatives.Add(Class(basic));
        }

        foreach (var (first, last) in Clip(0x10000, Last))
        {
            AddPairs(first - 0x10000, last - 0x10000, alternatives);
        }

        to.Append(alternatives.Count switch
        {
            0 => @"[^\u0000-\uFFFF]",
            1 => alternatives[0].Contains("][", StringComparison.Ordinal) ? $"(?:{alternatives[0]})" : alternatives[0],
            _ => $"(?:{string.Join('|', alternatives)})",
        });
    }

    private IEnumerable<(int First, int Last)> Clip(int from, int to) =>
        ranges.Where(range => range.First <= to && range.Last >= from).Select(range => (Math.Max(range.First, from), Math.Min(range.Last, to)));

    // A range of pairs: part of the block of its first half, whole blocks, part of the block of its last.
    private static void AddPairs(int first, int last, List<string> alternatives)
    {
        while (first <= last)
        {
            var block = first >> 10;
            var isWhole = (first & 0x3FF) == 0 && last >> 10 > block;
            var lastBlock = !isWhole ? block : (last & 0x3FF) == 0x3FF ? last >> 10 : (last >> 10) - 1;
            var end = isWhole ? (lastBlock << 10) + 0x3FF : Math.Min(last, (block << 10) + 0x3FF);
            alternatives.Add(Class([(0xD800 + block, 0xD800 + lastBlock)]) + Class([(0xDC00 + (first & 0x3FF), 0xDC00 + (end & 0x3FF))]));
            first = end + 1;
        }
    }

    private static string Class(IEnumerable<(int First, int Last)> units)
    {
        var text = new StringBuilder("[");
        foreach (var (first, last) in units)
        {
            text.Append(CultureInfo.InvariantCulture, $@"\u{first:X4}");
            if (last > first)
            {
                text.Append(CultureInfo.InvariantCulture, $@"-\u{last:X4}");
            }
        }

        return text.Append(']').ToString();
    }
}
