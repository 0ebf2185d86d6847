namespace FlexGen.Engine.Schedule;

/// <summary>One step of a schedule.</summary>
/// <param name="Verb">What is done.</param>
/// <param name="Sweep">Index i.</param>
/// <param name="Layer">Index j.</param>
/// <param name="MicroBatch">Index k; of <see cref="Verb.LoadWeights"/> the page, or -1 for all.</param>
public readonly record struct Step(Verb Verb, long Sweep, int Layer, int MicroBatch);
