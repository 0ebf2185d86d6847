namespace FlexGen.Constraints;

/// <summary>How a schema becomes a constraint.</summary>
public sealed record ConstraintOptions
{
    public static ConstraintOptions Default { get; } = new();

    /// <summary>
    /// Between two parts of a document there may be a space, or a line end and an indent of at most four characters for each level. False: nothing,
    /// which is the shortest, and forces more.
    /// </summary>
    public bool AllowWhitespace { get; init; } = true;

    /// <summary>In which order an object's properties stand.</summary>
    public PropertyOrder PropertyOrder { get; init; } = PropertyOrder.Schema;

    /// <summary>
    /// When the tokens that are left are just enough for the shortest way to close the document, only tokens on such a way are allowed, so that a budget
    /// that was enough at the start is enough at the end.
    /// </summary>
    public bool CloseInTime { get; init; } = true;

    /// <summary>What a schema calls integers are of 64 bits, as those that are read have to be.</summary>
    public bool IntegersOf64Bits { get; init; }
}
