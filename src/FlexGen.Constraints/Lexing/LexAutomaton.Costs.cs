using System.Text;
using System.Text.Json;
using FlexGen.Constraints.Regexes;
using FlexGen.Constraints.Vocabulary;

namespace FlexGen.Constraints.Lexing;

// The shortest way to a whole text.
internal sealed partial class LexAutomaton
{
    /// <summary>What a text that is never whole costs.</summary>
    public const int Never = int.MaxValue / 8;

    /// <summary>A text that is soon written, and tokens, at most, for the rest of it after its first quote; null where a language has none.</summary>
    public (string Text, int Cost)? Shortest(Func<RegexAlgebra, RegexNode> language, LexMode mode)
    {
        if (Start(algebra => [(0, language(algebra))], mode) is not { } start)
        {
            return null;
        }

        var bytes = new List<byte>();
        for (var state = start; state.AcceptTag < 0; state = state.Next(bytes[^1])!)
        {
            bytes.Add(state.Nearest);
        }

        return (mode == LexMode.Raw ? Encoding.UTF8.GetString([.. bytes]) : Decoded(bytes), start.Cost);
    }

    private byte NearestOf(OwnState state)
    {
        lock (gate)
        {
            return Nearest(state.Only(state.Chars.Parts[0].Tag)!);
        }
    }

    // From what stands after the first quote, with the last.
    private static string Decoded(List<byte> bytes)
    {
        var reader = new Utf8JsonReader([(byte)'"', .. bytes]);
        reader.Read();
        return reader.GetString()!;
    }

    private int CostOf(LexState start)
    {
        lock (gate)
        {
            // With several languages, the way to the first of them, to which each step keeps.
            var path = new List<OwnState>();
            var bytes = new List<byte>();
            var state = start.Only(start.Chars.Parts[0].Tag)!;
            while (state is OwnState { KnownCost: < 0, AcceptTag: < 0 } own && own.Owner == this)
            {
                path.Add(own);
                bytes.Add(Nearest(own));
                state = own.Next(bytes[^1])!;
            }

            var end = state.AcceptTag >= 0 ? 0 : state.Cost;
            for (var i = path.Count - 1; i >= 0; i--)
            {
                path[i].KnownCost = Cheapest(path, bytes, i, end);
            }

            return path.Count > 0 ? path[0].KnownCost : end;
        }
    }

    private int Cheapest(List<OwnState> path, List<byte> bytes, int from, int end)
    {
        var trie = vocabulary.Trie;
        var best = Never;
        var node = TokenTrie.Root;
        for (var i = from; i < bytes.Count; i++)
        {
            node = trie.Child(node, bytes[i]);
            if (node < 0)
            {
                break;
            }

            if (trie.At(node).Length > 0)
            {
                best = Math.Min(best, 1 + (i + 1 < path.Count ? path[i + 1].KnownCost : end));
            }
        }

        return best;
    }

    /// <summary>The next byte of a shortest text of the one language that a state has.</summary>
    private byte Nearest(LexState state)
    {
        var chars = Known(state.Chars);
        var form = state.Form;
        switch (form.Place)
        {
            case LexPlace.Body when form.Mode != LexMode.Raw && chars.AcceptTag >= 0:
                return (byte)'"';
            case LexPlace.Body:
                var point = Algebra.First(chars.Parts[0].Left);
                return form.Mode != LexMode.Raw && point is < ' ' or '"' or '\\' ? (byte)'\\' : Encoded(point, 0);
            case LexPlace.Rest:
                return 0x80;
            case LexPlace.Bytes:
                var first = form.Value << 6 * form.Left;
                var alive = NearestOf(chars, Math.Max(first, form.High), first + (1 << 6 * form.Left) - 1);
                return (byte)(0x80 | alive >> 6 * (form.Left - 1) & 0x3F);
            case LexPlace.Escape:
                var index = Escapes(chars, form.Mode);
                return index < 0 ? (byte)'u' : (byte)Escaped[index];
            case LexPlace.Hex:
                return NearestDigit(chars, form);
            default:
                return form.Place == LexPlace.Pair ? (byte)'\\' : (byte)'u';
        }
    }

    // The escape after which the way is shortest; -1 where that is one by digits.
    private int Escapes(CharState chars, LexMode mode)
    {
        var best = -1;
        var hex = AliveHex(chars, new LexForm(mode, LexPlace.Hex, 4), NearestOf);
        var shortest = hex < 0 ? int.MaxValue : DistanceAfter(chars, hex);
        for (var i = 0; i < Escaped.Length - (mode == LexMode.Canonical ? 1 : 0); i++)
        {
            if (chars.After(EscapedPoints[i]) is not null && DistanceAfter(chars, EscapedPoints[i]) is var distance && (best < 0
                ? distance <= shortest : distance < shortest))
            {
                (best, shortest) = (i, distance);
            }
        }

        return best;
    }

    private int DistanceAfter(CharState chars, int point) => Algebra.Distance(chars.After(point)!.Parts[0].Left);

    /// <summary>The code point of an interval after which the way is shortest; -1 where a text may go on with none.</summary>
    private int NearestOf(CharState chars, int first, int last)
    {
        var (starts, _) = chars.Steps!.Value;
        var best = -1;
        for (var next = Alive(chars, first, last); next >= 0 && next <= last; next = Alive(chars, next, last))
        {
            if (best < 0 || DistanceAfter(chars, next) < DistanceAfter(chars, best))
            {
                best = next;
            }

            var index = IndexOf(starts, next) + 1;
            if (index == starts.Length)
            {
                break;
            }

            next = starts[index];
        }

        return best;
    }

    private byte NearestDigit(CharState chars, LexForm form)
    {
        var nearest = AliveHex(chars, form, NearestOf);
        var unit = nearest < 0x10000 ? nearest
            : form.High >= 0 ? FirstLowHalf + (nearest - 0x10000 & 0x3FF)
            : FirstHalf + (nearest - 0x10000 >> 10);
        return (byte)"0123456789abcdef"[unit >> 4 * (form.Left - 1) & 0xF];
    }

    private static byte Encoded(int point, int index)
    {
        Span<byte> bytes = stackalloc byte[4];
        new Rune(point).EncodeToUtf8(bytes);
        return bytes[index];
    }
}
