using FlexGen.Planning.Schedule;

namespace FlexGen.Planning.Cost;

/// <summary>A <see cref="Step"/> as a clock takes it, over and over: of any sweep, and of micro-batches by their place among all that take part.</summary>
/// <param name="Verb">What is done.</param>
/// <param name="Layer">Index j.</param>
/// <param name="Index">Which of the micro-batches, or which page of the layer's weights.</param>
/// <param name="Pages">How many pages these are cut into; of a micro-batch's step 0.</param>
internal readonly record struct FlatStep(Verb Verb, int Layer, int Index, int Pages)
{
    /// <param name="step">Of a schedule of micro-batches 0, 1, and so on.</param>
    public static FlatStep Of(Step step) => step is WeightStep load
        ? new(load.Verb, load.Layer, load.Page, load.Pages)
        : new(step.Verb, step.Layer, ((MicroBatchStep)step).MicroBatch, 0);
}
