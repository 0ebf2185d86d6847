using FlexGen.Constraints.Regexes;
using FlexGen.Constraints.Vocabulary;

namespace FlexGen.Constraints.Lexing;

/// <summary>A state of an automaton over bytes, whose steps are known as far as they were taken. Thread-safe.</summary>
/// <param name="chars">The languages that are possible.</param>
/// <param name="form">What was read of a code point.</param>
internal abstract class LexState(CharState chars, LexForm form)
{
    private LexState?[]? steps;
    private long loops = -1;
    private bool isDead;

    public CharState Chars { get; } = chars;

    public LexForm Form { get; } = form;

    /// <summary>The language that the text so far is a whole text of; -1 where there is none, or where its last quote is missing.</summary>
    public int AcceptTag => IsClosed || Form is { Mode: LexMode.Raw, Place: LexPlace.Body } ? Chars.AcceptTag : -1;

    public bool IsClosed => Form.Place == LexPlace.Closed;

    /// <summary>Tokens, at most, to a whole text. With several languages, to one of the first.</summary>
    public abstract int Cost { get; }

    /// <summary>Classes of bytes that lead back here.</summary>
    public uint Loops => (uint)(loops >= 0 ? loops : loops = FindLoops());

    /// <summary>Code points of the shortest rest of the text, at most.</summary>
    public abstract int Distance { get; }

    /// <summary>The next byte of the text that <see cref="Cost"/> is of. There is none where one is at the end of it.</summary>
    public abstract byte Nearest { get; }

    public abstract LexMask Mask { get; }

    /// <summary>
    /// Between two code points of a JSON string: tokens, those of texts of a simpler kind, that are allowed here too, as far as they have no more code points
    /// than <see cref="SafeDepth"/>. Null where none are known.
    /// </summary>
    public abstract FreeTokens? Safe { get; }

    /// <summary>How many code points may follow, at least, as if the text were of that simpler kind.</summary>
    public abstract int SafeDepth { get; }

    /// <summary>
    /// Between two code points of a JSON string: how many may still follow, where each is one of a set and nothing else counts, so that no others than
    /// <see cref="Safe"/> are allowed. Null where other things count.
    /// </summary>
    public int? Most => Form is { Place: LexPlace.Body, Mode: not LexMode.Raw } && Chars.OfOneSet is { Max: > 0 and < RegexAlgebra.Endless } loop
        ? loop.Max : null;

    /// <summary>Tokens, at most, to a whole text from wherever those lead.</summary>
    public abstract int SafeCost { get; }

    /// <summary>Code points of the shortest rest of the text, at most, from wherever those lead.</summary>
    public abstract int SafeDistance { get; }

    /// <summary>The same with one of its languages alone; null where that one is not possible any more.</summary>
    public abstract LexState? Only(int tag);

    /// <summary>The state after another byte; null where no text goes on with it.</summary>
    public LexState? Next(byte value)
    {
        var next = steps?[value] ?? Learn(value);
        return next.isDead ? null : next;
    }

    protected abstract LexState? Step(byte value);

    private uint FindLoops()
    {
        uint found = 0;
        for (var i = 1; i < ByteClasses.Count; i++)
        {
            var isLoop = true;
            foreach (var value in ByteClasses.Members(i))
            {
                isLoop = isLoop && Next(value) == this;
            }

            found |= isLoop ? 1u << i : 0;
        }

        return found;
    }

    private LexState Learn(byte value)
    {
        if (steps is null)
        {
            Interlocked.CompareExchange(ref steps, new LexState?[256], null);
        }

        var next = Step(value) ?? Dead.Instance;
        Volatile.Write(ref steps[value], next);
        return next;
    }

    /// <summary>Where no text goes on.</summary>
    private sealed class Dead : LexState
    {
        private Dead()
            : base(null!, default) => isDead = true;

        public static Dead Instance { get; } = new();

        public override int Cost => throw new InvalidOperationException("there is no text");

        public override int Distance => 0;

        public override byte Nearest => throw new InvalidOperationException("there is no text");

        public override LexMask Mask => throw new InvalidOperationException("there is no text");

        public override FreeTokens? Safe => null;

        public override int SafeDepth => 0;

        public override int SafeCost => 0;

        public override int SafeDistance => 0;

        public override LexState? Only(int tag) => null;

        protected override LexState? Step(byte value) => null;
    }
}
