using System.Collections;
using System.Runtime.InteropServices;
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

    public string Normalize(string text, Growth most)
    {
        if (IsNormal(text))
        {
            return text;
        }

        var codes = Decompose(text);
        most.Require(codes.Count);
        return Compose(codes);
    }

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

        CanonicalOrder.Sort(CollectionsMarshal.AsSpan(codes), table.ClassOf);
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
        foreach (var code in CollectionsMarshal.AsSpan(codes)[..written])
        {
            text.Append(new Rune(code));
        }

        return text.ToString();
    }
}
