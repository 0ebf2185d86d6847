namespace FlexGen.Planning.Schedule;

/// <summary>A step of one micro-batch.</summary>
/// <param name="Verb">What is done; not <see cref="Verb.LoadWeights"/>, which all micro-batches share.</param>
/// <param name="Sweep">Index i.</param>
/// <param name="Layer">Index j.</param>
/// <param name="MicroBatch">Index k.</param>
public sealed record MicroBatchStep(Verb Verb, long Sweep, int Layer, int MicroBatch) : Step(Verb, Sweep, Layer)
{
    public override string Name => $"{Verb} {Layer},{MicroBatch}";
}
