using System.Collections;
using System.Text;

namespace FlexGen.Tokenizers.Normalization;

/// <summary>Unicode's NFC, or NFKC (compatible). string.Normalize returns its argument where there is no ICU, as in
/// this process, which runs without one so that none need be installed.</summary>
internal sealed class UnicodeNormalizer : INormalizer
{
    private readonly UnicodeTable table = UnicodeTable.Instance;
    private readonly BitArray suspects = new(0x110000);
    private readonly bool compatible;

    public UnicodeNormalizer(bool compatible)
    {
        this.compatible = compatible;
        foreach (var code in table.MayChange(compatible))
        {
            suspects[code] = true;
        }
    }

    public string Normalize(string text) => IsNormal(text) ? text : Compose(Decompose(text));

    private bool IsNormal(string text)
    {
        foreach (var rune in text.EnumerateRunes())
        {
            if (suspects[rune.Value])
            {
                return false;
            }
        }
        return true;
    }

    private List<int> Decompose(string text)
    {
        var codes = new List<int>(text.Length + 16);
        foreach (var rune in text.EnumerateRunes())
        {
            Decompose(rune.Value, codes);
        }
        // Canonical order: marks of different classes in ascending order, equal ones as they come.
        for (var i = 1; i < codes.Count; i++)
        {
            var combining = table.ClassOf(codes[i]);
            for (var j = i; combining != 0 && j > 0 && table.ClassOf(codes[j - 1]) > combining; j--)
            {
                (codes[j - 1], codes[j]) = (codes[j], codes[j - 1]);
            }
        }
        return codes;
    }

    private void Decompose(int code, List<int> codes)
    {
        if (Hangul.IsSyllable(code))
        {
            Hangul.Decompose(code, codes);
        }
        else if (table.PartsOf(code, compatible) is { } parts)
        {
            foreach (var part in parts)
            {
                Decompose(part, codes);
            }
        }
        else
        {
            codes.Add(code);
        }
    }

    private string Compose(List<int> codes)
    {
        var starter = -1;
        var written = 0;
        var lastClass = 0;
        for (var i = 0; i < codes.Count; i++)
        {
            var combining = table.ClassOf(codes[i]);
            // A mark of the same or a higher class in between keeps a mark from its starter.
            var blocked = lastClass != 0 && lastClass >= combining;
            if (starter >= 0 && !blocked && table.Composed(codes[starter], codes[i]) is { } composed)
            {
                codes[starter] = composed;
                continue;
            }
            if (combining == 0)
            {
                starter = written;
            }
            lastClass = combining;
            codes[written++] = codes[i];
        }
        var text = new StringBuilder(written + 16);
        foreach (var code in codes.Take(written))
        {
            text.Append(new Rune(code));
        }
        return text.ToString();
    }
}
