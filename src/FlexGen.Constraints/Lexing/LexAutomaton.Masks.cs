using FlexGen.Constraints.Regexes;
using FlexGen.Constraints.Vocabulary;

namespace FlexGen.Constraints.Lexing;

// Which tokens a state allows.
internal sealed partial class LexAutomaton
{
    /// <summary>Bytes of masks that are kept.</summary>
    private const long MostKept = 96 << 20;

    /// <summary>How far it is looked for a character that makes a text impossible, and at how many states.</summary>
    private const int MostSafe = 24;
    private const int MostReached = 40;

    private readonly List<OwnState> masked = [];
    private readonly Dictionary<(RegexNode?, LexMode), FreeTokens> free = [];
    private long kept;

    private LexMask MaskOf(OwnState state)
    {
        var mask = (state.Most is null ? UnlimitedMaskOf(state) : null) ?? new LexWalk(vocabulary).Mask(state);
        lock (masked)
        {
            kept += mask.Size;
            masked.Add(state);
            if (kept > MostKept)
            {
                masked.ForEach(each => each.Forget());
                masked.Clear();
                kept = 0;
            }
        }

        return mask;
    }

    private FreeTokens? SafeOf(OwnState state)
    {
        if (state.Form is not { Place: LexPlace.Body, Mode: not LexMode.Raw } || state.SafeDepth == 0)
        {
            return null;
        }

        if (state.Chars.OfOneSet is { Parts: [var set] } && set != Algebra.Any.Parts[0])
        {
            return Free(set, state.Form.Mode);
        }

        return (common ?? this).Free(null, state.Form.Mode);
    }

    // Of texts of code points of a set, or of any.
    private FreeTokens Free(RegexNode? set, LexMode mode)
    {
        lock (gate)
        {
            if (!free.TryGetValue((set, mode), out var tokens))
            {
                var endless = set is null ? Anything(mode) : Body(Chars([(0, Algebra.Loop(set, 0, RegexAlgebra.Endless))])!, mode);
                var points = new int[vocabulary.Trie.Tokens.Length];
                FindFree(TokenTrie.Root, endless, 0, points);
                tokens = free[(set, mode)] = new FreeTokens(vocabulary.Trie, points, set is null);
            }

            return tokens;
        }
    }

    private void FindFree(int node, LexState state, int whole, int[] points)
    {
        var trie = vocabulary.Trie;
        for (var child = node + 1; child < trie.End[node]; child = trie.End[child])
        {
            if (state.Next(trie.Labels[child]) is { IsClosed: false } next)
            {
                var isWhole = next.Form.Place == LexPlace.Body;
                var now = whole + (isWhole ? 1 : 0);
                points.AsSpan(trie.Place(child).Start.Value, trie.At(child).Length).Fill(isWhole ? now : now + 1);
                FindFree(child, next, now, points);
            }
        }
    }

    private int SafeDepthOf(LexState state)
    {
        lock (gate)
        {
            return state.Form.Place == LexPlace.Body ? DepthOf(state).Depth : 0;
        }
    }

    private int SafeCostOf(LexState state)
    {
        lock (gate)
        {
            return DepthOf(state).Reached.Max(chars => Body(chars, state.Form.Mode).Cost);
        }
    }

    private int SafeDistanceOf(LexState state)
    {
        lock (gate)
        {
            // It may be in the middle of a code point.
            return 1 + DepthOf(state).Reached.Max(chars => Algebra.Distance(chars.Parts[0].Left));
        }
    }

    private SafeDepth DepthOf(LexState state) => (SafeDepth)(state.Chars.Safe ??= FindSafe(state.Chars));

    private SafeDepth FindSafe(CharState start)
    {
        if (start.OfOneSet is { } loop)
        {
            // What is nearer to its end costs no more.
            return new SafeDepth(loop.Max, [start]);
        }

        var reached = new HashSet<CharState> { start };
        List<CharState> last = [start];
        for (var depth = 0; ; depth++)
        {
            var next = new List<CharState>();
            foreach (var chars in last)
            {
                if (!TryStepAnywhere(Known(chars), reached, next))
                {
                    return new SafeDepth(depth, [.. reached]);
                }
            }

            if (next.Count == 0 || depth == MostSafe || reached.Count > MostReached)
            {
                return new SafeDepth(next.Count == 0 ? int.MaxValue : depth + 1, [.. reached]);
            }

            last = next;
        }
    }

    private static bool TryStepAnywhere(CharState chars, HashSet<CharState> reached, List<CharState> next)
    {
        var (starts, targets) = chars.Steps!.Value;
        for (var i = 0; i < starts.Length; i++)
        {
            // Texts have no halves of surrogate pairs.
            var last = i + 1 < starts.Length ? starts[i + 1] - 1 : CodePointSet.Last;
            if (targets[i] is not { } target)
            {
                if (starts[i] < FirstHalf || last > LastHalf)
                {
                    return false;
                }
            }
            else if (reached.Add(target))
            {
                next.Add(target);
            }
        }

        return true;
    }
}
