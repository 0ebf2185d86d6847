namespace FlexGen.Constraints.Lexing;

// How code points are written in bytes.
internal sealed partial class LexAutomaton
{
    private const int FirstHalf = 0xD800;
    private const int FirstLowHalf = 0xDC00;
    private const int LastHalf = 0xDFFF;
    private const string Escaped = "\"\\bfnrt/";
    private const string EscapedPoints = "\"\\\b\f\n\r\t/";

    private LexState? OnlyOf(LexState state, int tag)
    {
        lock (gate)
        {
            var rest = Array.FindAll(state.Chars.Parts, part => part.Tag == tag);
            return rest.Length == 0 ? null
                : rest.Length == state.Chars.Parts.Length ? state
                : state.Form.Place == LexPlace.Body ? Body(Chars(rest)!, state.Form.Mode)
                : State(Chars(rest)!, state.Form);
        }
    }

    private LexState? StepBody(LexState state, byte value)
    {
        var mode = state.Form.Mode;
        if (mode != LexMode.Raw && value is (byte)'"' or (byte)'\\' or < (byte)' ')
        {
            return value switch
            {
                (byte)'"' when state.Chars.AcceptTag >= 0 => State(state.Chars, new LexForm(mode, LexPlace.Closed)),
                (byte)'\\' => Partial(state.Chars, new LexForm(mode, LexPlace.Escape), chars => CanEscape(chars, mode)),
                _ => null,
            };
        }

        return value switch
        {
            < 0x80 => After(state.Chars, mode, value),
            >= 0xC2 and < 0xE0 => Bytes(state, value & 0x1F, 1, 0x80),
            >= 0xE0 and < 0xF0 => Bytes(state, value & 0xF, 2, 0x800),
            >= 0xF0 and < 0xF5 => Bytes(state, value & 7, 3, 0x10000),
            _ => null,
        };
    }

    private LexState? After(CharState chars, LexMode mode, int point) =>
        point is >= FirstHalf and <= LastHalf ? null : chars.After(point) is { } next ? Body(next, mode) : null;

    private LexState? Rest(CharState next, LexMode mode, int left) =>
        left == 0 ? Body(next, mode) : State(next, new LexForm(mode, LexPlace.Rest, left));

    private LexState? Bytes(LexState state, int value, int left, int least)
    {
        var mode = state.Form.Mode;
        if (left == 0)
        {
            return value < least || value > Regexes.CodePointSet.Last ? null : After(state.Chars, mode, value);
        }

        var first = value << 6 * left;
        var last = first + (1 << 6 * left) - 1;
        var isWhole = first >= least && last <= Regexes.CodePointSet.Last && (last < FirstHalf || first > LastHalf);
        if (isWhole && SameAfter(state.Chars, first, last) is { } same)
        {
            return same.Target is { } target ? State(target, new LexForm(mode, LexPlace.Rest, left)) : null;
        }

        return Partial(state.Chars, new LexForm(mode, LexPlace.Bytes, left, value, least), chars => Alive(chars, Math.Max(first, least), last) >= 0);
    }

    private LexState? StepEscape(LexState state, byte value)
    {
        var mode = state.Form.Mode;
        if (value == 'u')
        {
            var form = new LexForm(mode, LexPlace.Hex, 4);
            return Partial(state.Chars, form, chars => AliveHex(chars, form) >= 0);
        }

        var index = Escaped.IndexOf((char)value, StringComparison.Ordinal);
        return index < 0 || (value == '/' && mode == LexMode.Canonical) ? null : After(state.Chars, mode, EscapedPoints[index]);
    }

    private LexState? StepHex(LexState state, byte value)
    {
        if (!char.IsAsciiHexDigit((char)value))
        {
            return null;
        }

        var form = state.Form with { Left = state.Form.Left - 1, Value = state.Form.Value << 4 | Convert.ToInt32(((char)value).ToString(), 16) };
        if (form.Left > 0)
        {
            return Partial(state.Chars, form, chars => AliveHex(chars, form) >= 0);
        }

        if (form.High >= 0)
        {
            return form.Value is >= FirstLowHalf and <= LastHalf ? After(state.Chars, form.Mode, Paired(form.High, form.Value)) : null;
        }

        if (form.Value is >= FirstHalf and < FirstLowHalf)
        {
            var pair = form with { Place = LexPlace.Hex, Left = 4, High = form.Value, Value = 0 };
            return Partial(state.Chars, pair with { Place = LexPlace.Pair }, chars => AliveHex(chars, pair) >= 0);
        }

        return form.Mode == LexMode.Canonical && !IsEscapedInCanonical(form.Value) ? null : After(state.Chars, form.Mode, form.Value);
    }

    // A state within a code point: of several languages, those that may go on.
    private LexState? Partial(CharState chars, LexForm form, Func<CharState, bool> mayGoOn)
    {
        var alive = Array.FindAll(chars.Parts, part => mayGoOn(Known(Chars([part])!)));
        return alive.Length == 0 ? null : State(alive.Length == chars.Parts.Length ? chars : Known(Chars(alive)!), form);
    }

    private bool CanEscape(CharState chars, LexMode mode)
    {
        Known(chars);
        return AliveHex(chars, new LexForm(mode, LexPlace.Hex, 4)) >= 0 || EscapedPoints.Any(point => (point != '/' || mode != LexMode.Canonical)
            && chars.After(point) is not null);
    }

    /// <summary>The least code point that digits may still write and that a text may go on with; -1 where there is none.</summary>
    private static int AliveHex(CharState chars, LexForm form) => AliveHex(chars, form, Alive);

    /// <summary>The code point of those that digits may still write which is chosen of an interval; -1 where there is none.</summary>
    private static int AliveHex(CharState chars, LexForm form, Func<CharState, int, int, int> choose)
    {
        var first = form.Value << 4 * form.Left;
        var last = first + (1 << 4 * form.Left) - 1;
        if (form.High >= 0)
        {
            var (low, high) = (Math.Max(first, FirstLowHalf), Math.Min(last, LastHalf));
            return low <= high ? choose(chars, Paired(form.High, low), Paired(form.High, high)) : -1;
        }

        var basic = form.Mode == LexMode.Canonical
            ? Either(choose(chars, first, Math.Min(last, 0x1F)), choose(chars, Math.Max(first, 0x7F), last))
            : choose(chars, first, last);
        var (least, most) = (Math.Max(first, FirstHalf), Math.Min(last, FirstLowHalf - 1));
        return Either(basic, least <= most ? choose(chars, Paired(least, FirstLowHalf), Paired(most, LastHalf)) : -1);
    }

    private static int Either(int first, int second) => first >= 0 ? first : second;

    private static int Paired(int high, int low) => 0x10000 + (high - FirstHalf << 10) + (low - FirstLowHalf);

    private static bool IsEscapedInCanonical(int point) => point is < ' ' or >= 0x7F;

    /// <summary>The least code point of an interval that a text may go on with; -1 where there is none.</summary>
    private static int Alive(CharState chars, int first, int last)
    {
        if (first is >= FirstHalf and <= LastHalf)
        {
            first = LastHalf + 1;
        }

        var (starts, targets) = chars.Steps!.Value;
        for (var i = IndexOf(starts, first); first <= last && i < starts.Length && starts[i] <= last; i++)
        {
            var least = Math.Max(starts[i], first);
            least = least is >= FirstHalf and <= LastHalf ? LastHalf + 1 : least;
            var end = i + 1 < starts.Length ? starts[i + 1] - 1 : Regexes.CodePointSet.Last;
            if (targets[i] is not null && least <= Math.Min(last, end))
            {
                return least;
            }
        }

        return -1;
    }

    private static (CharState? Target, bool Found)? SameAfter(CharState chars, int first, int last)
    {
        var (starts, targets) = chars.Steps!.Value;
        var index = IndexOf(starts, first);
        return index + 1 == starts.Length || starts[index + 1] > last ? (targets[index], true) : null;
    }

    private static int IndexOf(int[] starts, int point) => Array.BinarySearch(starts, point) is >= 0 and var found ? found
        : ~Array.BinarySearch(starts, point) - 1;
}
