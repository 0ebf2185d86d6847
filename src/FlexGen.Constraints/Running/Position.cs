using FlexGen.Constraints.Lexing;

namespace FlexGen.Constraints.Running;

/// <summary>One way to read the text so far, and all that matters for how it may go on. It does not change.</summary>
internal sealed class Position : IEquatable<Position>
{
    public required PositionKind Kind { get; init; }

    /// <summary>The object or array around it.</summary>
    public Frame? Frame { get; init; }

    /// <summary>Where in a text one is.</summary>
    public LexState? Lex { get; init; }

    /// <summary>The rule of the value to come, by number.</summary>
    public int Rule { get; init; }

    /// <summary>Whitespace before this: 0 none, 1 a space, 2 and more a line end and an indent.</summary>
    public int Space { get; init; }

    /// <summary>Where a name is among those that its object has already; null where it is none of them.</summary>
    public LexState? Taken { get; init; }

    /// <summary>The bytes of the name so far, without its first quote; also of an item that the array may not have again.</summary>
    public ReadOnlyMemory<byte> Name { get; init; }

    /// <summary>What is written has a <see cref="Name"/>.</summary>
    public bool KeepsText => Kind == PositionKind.Name || (Kind == PositionKind.Scalar && Frame is ArrayFrame { IsUnique: true });

    /// <summary>The same, where names that differ are said in <see cref="Taken"/>.</summary>
    public bool Equals(Position? other) =>
        other is not null && Kind == other.Kind && Lex == other.Lex && Rule == other.Rule && Space == other.Space && Taken == other.Taken
        && Frame.AreSame(Frame, other.Frame);

    public override bool Equals(object? obj) => Equals(obj as Position);

    public override int GetHashCode() =>
        HashCode.Combine(Kind, Lex is null ? 0 : System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(Lex), Rule, Space, Frame?.GetHash() ?? 0);
}
