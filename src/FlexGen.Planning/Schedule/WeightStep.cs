namespace FlexGen.Planning.Schedule;

/// <summary>A step that loads a page of a layer's weights.</summary>
/// <param name="Sweep">Index i, of the sweep that computes with them.</param>
/// <param name="Layer">Index j.</param>
/// <param name="Page">Which page, from 0.</param>
/// <param name="Pages">How many the layer is cut into.</param>
public sealed record WeightStep(long Sweep, int Layer, int Page, int Pages) : Step(Verb.LoadWeights, Sweep, Layer)
{
    public override string Name => $"{Verb} {Layer},{Page}";
}
