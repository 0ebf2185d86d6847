namespace FlexGen.Planning.Schedule;

/// <summary>One step of a schedule.</summary>
/// <param name="Verb">What is done.</param>
/// <param name="Sweep">Index i.</param>
/// <param name="Layer">Index j: 0 is the embedding, the last the head.</param>
public abstract record Step(Verb Verb, long Sweep, int Layer)
{
    /// <summary>What a trace calls it: verb, layer, and micro-batch or page.</summary>
    public abstract string Name { get; }
}
