using System.Buffers.Binary;
using System.Collections;
using System.Runtime.InteropServices;
using System.Text;

namespace FlexGen.Tokenizers.SentencePiece;

/// <summary>SentencePiece's compiled replacements: a trie in a double array (darts-clone's layout), whose values are
/// places in a blob of zero-terminated UTF-8 strings.</summary>
internal sealed class Charsmap
{
    private readonly uint[] units;
    private readonly byte[] replacements;

    /// <exception cref="FormatException">The blob is shorter than it says, or an entry leads out of it.</exception>
    public Charsmap(ReadOnlySpan<byte> blob)
    {
        var size = blob.Length < 4 ? int.MaxValue : BinaryPrimitives.ReadInt32LittleEndian(blob);
        if (size < 4 || size > blob.Length - 4)
        {
            throw new FormatException("a precompiled charsmap cut short");
        }

        units = MemoryMarshal.Cast<byte, uint>(blob.Slice(4, size)).ToArray();
        replacements = blob[(4 + size)..].ToArray();
        CheckEntries();
    }

    /// <summary>The replacement of the longest entry that text begins with; null when none does.</summary>
    public string? Replace(ReadOnlySpan<byte> text, out int length)
    {
        length = 0;
        var found = 0u;
        var unit = units[0];
        var node = Offset(unit);
        for (var i = 0; i < text.Length; i++)
        {
            node ^= text[i];
            if (node >= units.Length)
            {
                break;
            }

            unit = units[node];
            if ((unit & 0x800000FF) != text[i])
            {
                break;
            }

            node ^= Offset(unit);
            if ((unit & 0x100) != 0)
            {
                found = units[node] & 0x7FFFFFFF;
                length = i + 1;
            }
        }

        if (length == 0)
        {
            return null;
        }

        var rest = replacements.AsSpan((int)found);
        return Encoding.UTF8.GetString(rest[..rest.IndexOf((byte)0)]);
    }

    // Once and for all, so that no text finds an entry that leads nowhere.
    private void CheckEntries()
    {
        var seen = new BitArray(units.Length);
        var open = new Stack<uint>([Offset(units[0])]);
        while (open.TryPop(out var start))
        {
            for (var value = 0u; value <= byte.MaxValue; value++)
            {
                var node = start ^ value;
                if (node < units.Length && (units[node] & 0x800000FF) == value && !seen[(int)node])
                {
                    seen[(int)node] = true;
                    var below = node ^ Offset(units[node]);
                    if ((units[node] & 0x100) != 0)
                    {
                        CheckValue(below);
                    }

                    open.Push(below);
                }
            }
        }
    }

    private void CheckValue(uint node)
    {
        if (node >= units.Length || (units[node] & 0x7FFFFFFF) >= replacements.Length || replacements[^1] != 0)
        {
            throw new FormatException("a precompiled charsmap with an entry that leads out of it");
        }
    }

    private static uint Offset(uint unit) => (unit >> 10) << (int)((unit & 0x200) >> 6);
}
