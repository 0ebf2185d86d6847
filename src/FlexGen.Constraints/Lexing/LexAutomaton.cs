using FlexGen.Constraints.Regexes;
using FlexGen.Constraints.Vocabulary;

namespace FlexGen.Constraints.Lexing;

/// <summary>Automata over bytes for the languages of one <see cref="RegexAlgebra"/>, built as far as they are walked. Thread-safe.</summary>
/// <param name="algebra">Made the languages; used under this object's lock from now on.</param>
/// <param name="vocabulary">The vocabulary.</param>
/// <param name="common">Has states that are the same for every constraint; null where this is that one.</param>
internal sealed partial class LexAutomaton(RegexAlgebra algebra, VocabularyIndex vocabulary, LexAutomaton? common)
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, CharState> charStates = [];
    private readonly Dictionary<(int, int), CharState> single = [];
    private readonly Dictionary<(CharState, LexForm), LexState> states = [];

    private RegexAlgebra Algebra { get; } = algebra;

    /// <summary>The start of a text in one of several languages; null where all are empty.</summary>
    /// <param name="languages">No text is in two.</param>
    /// <param name="mode">How it is written.</param>
    public LexState? Start(Func<RegexAlgebra, IEnumerable<(int Tag, RegexNode Language)>> languages, LexMode mode)
    {
        lock (gate)
        {
            return Chars([.. languages(Algebra).Where(each => Algebra.IsAlive(each.Language))]) is { } chars ? Body(chars, mode) : null;
        }
    }

    /// <summary>Another one for the same vocabulary, with nothing in it.</summary>
    public LexAutomaton Fresh() => new(new RegexAlgebra(), vocabulary, common);

    private CharState? Chars((int Tag, RegexNode Left)[] parts)
    {
        if (parts.Length == 0)
        {
            return null;
        }

        if (parts is [var (tag, rest)])
        {
            if (!single.TryGetValue((tag, rest.Id), out var known))
            {
                known = single[(tag, rest.Id)] = new CharState(parts);
            }

            return known;
        }

        var key = string.Join(' ', parts.Select(part => $"{part.Tag}:{part.Left.Id}"));
        if (!charStates.TryGetValue(key, out var chars))
        {
            chars = charStates[key] = new CharState(parts);
        }

        return chars;
    }

    /// <summary>What follows each code point.</summary>
    private CharState Known(CharState chars)
    {
        if (chars.Steps is not null)
        {
            return chars;
        }

        var steps = Array.ConvertAll(chars.Parts, part => Algebra.Steps(part.Left));
        if (steps is [var only])
        {
            chars.Steps = (only.Starts, Array.ConvertAll(only.Targets, rest => rest.IsEmpty ? null : Chars([(chars.Parts[0].Tag, rest)])));
            return chars;
        }

        var starts = steps.SelectMany(step => step.Starts).Distinct().Order().ToArray();
        chars.Steps = (starts, Array.ConvertAll(
            starts, start => Chars([.. chars.Parts.Zip(steps, (part, step) => (part.Tag, step.After(start))).Where(part => !part.Item2.IsEmpty)])));
        return chars;
    }

    private LexState Body(CharState chars, LexMode mode) =>
        // What a text that may be anything allows is the same everywhere, and the most that is to compute.
        common is not null && chars.Parts is [(0, var rest)] && rest == Algebra.Any ? common.Anything(mode) : State(chars, LexForm.Body(mode));

    private LexState Anything(LexMode mode) => Start(algebra => [(0, algebra.Any)], mode)!;

    private LexState State(CharState chars, LexForm form)
    {
        if (!states.TryGetValue((chars, form), out var state))
        {
            state = states[(chars, form)] = new OwnState(this, chars, form);
        }

        return state;
    }

    private LexState? Step(LexState state, byte value)
    {
        lock (gate)
        {
            Known(state.Chars);
            return state.Form.Place switch
            {
                LexPlace.Body => StepBody(state, value),
                LexPlace.Rest => value is < 0x80 or > 0xBF ? null : Rest(state.Chars, state.Form.Mode, state.Form.Left - 1),
                LexPlace.Bytes => value is < 0x80 or > 0xBF ? null : Bytes(state, state.Form.Value << 6 | value & 0x3F, state.Form.Left - 1, state.Form.High),
                LexPlace.Escape => StepEscape(state, value),
                LexPlace.Hex => StepHex(state, value),
                LexPlace.Pair when value == '\\' => State(state.Chars, state.Form with { Place = LexPlace.PairEscape }),
                LexPlace.PairEscape when value == 'u' => State(state.Chars, state.Form with { Place = LexPlace.Hex, Left = 4, Value = 0 }),
                _ => null,
            };
        }
    }

    /// <summary>A state whose steps this automaton knows.</summary>
    private sealed class OwnState(LexAutomaton owner, CharState chars, LexForm form) : LexState(chars, form)
    {
        private readonly Lock finding = new();
        private int cost = -1;
        private int safe = -1;
        private FreeTokens? safeTokens;
        private volatile bool isSafeKnown;
        private LexMask? mask;

        public override int Cost => cost >= 0 ? cost : cost = owner.CostOf(this);

        public override int Distance => owner.DistanceOf(this);

        public override byte Nearest => owner.NearestOf(this);

        public override LexMask Mask => Volatile.Read(ref mask) ?? Remember();

        public LexAutomaton Owner => owner;

        /// <summary>The cost as far as it is known; -1 where it is not.</summary>
        public int KnownCost
        {
            get => cost;
            set => cost = value;
        }

        public void Forget() => Volatile.Write(ref mask, null);

        public override LexState? Only(int tag) => owner.OnlyOf(this, tag);

        public override FreeTokens? Safe => isSafeKnown ? safeTokens : FindSafe();

        public override int SafeDepth => safe >= 0 ? safe : safe = owner.SafeDepthOf(this);

        public override int SafeCost => owner.SafeCostOf(this);

        public override int SafeDistance => owner.SafeDistanceOf(this);

        private FreeTokens? FindSafe()
        {
            safeTokens = owner.SafeOf(this);
            isSafeKnown = true;
            return safeTokens;
        }

        /// <summary>One finds it, the others wait: whoever does asks for masks of simpler states only, and for the automaton's lock.</summary>
        private LexMask Remember()
        {
            lock (finding)
            {
                if (Volatile.Read(ref mask) is { } known)
                {
                    return known;
                }

                var made = owner.MaskOf(this);
                Volatile.Write(ref mask, made);
                return made;
            }
        }

        protected override LexState? Step(byte value) => owner.Step(this, value);
    }
}
