namespace FlexGen.Constraints.Grammar;

/// <summary>Where one is in an object.</summary>
/// <param name="Used">The declared properties that it has.</param>
/// <param name="HasExtra">It has one without a name of its own.</param>
/// <param name="Count">How many it has, as far as that matters; 0 where it does not.</param>
/// <param name="Room">How deep values may be; <see cref="int.MaxValue"/> where all are less deep.</param>
/// <param name="Owed">Kinds of properties of which it must have one yet, as bits.</param>
internal sealed record ObjectPlace(NameSet Used, bool HasExtra, long Count, int Room, int Owed)
{
    /// <summary>It has none yet.</summary>
    public bool IsStart => !HasExtra && Used.Count == 0;

    /// <summary>How many of them have no name of their own, as far as they are counted.</summary>
    public long Extras => Count - Used.Count;

    public ObjectPlace With(int property) => this with { Used = Used.With(property), Count = Count + 1 };

    public ObjectPlace WithExtra() => this with { HasExtra = true, Count = Count + 1 };
}
