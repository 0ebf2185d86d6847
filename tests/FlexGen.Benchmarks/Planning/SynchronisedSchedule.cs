namespace FlexGen.Benchmarks.Planning;

/// <summary>
/// The order in which the original FlexGen (flex_opt.py, overlapping, several micro-batches) goes through a sweep: each decoder layer is two,
/// attention and feed-forward network; the weights of the one to come are all asked for at its predecessor's first micro-batch; and after every
/// micro-batch the whole device, and the disk, are waited for.
/// </summary>
internal static class SynchronisedSchedule
{
    /// <summary>Parts of a decoder layer's weights: four matrices of hidden x hidden and two of four times that.</summary>
    public const double Attention = 4.0 / 12, FeedForward = 8.0 / 12;

    /// <summary>The steps of one sweep.</summary>
    /// <param name="layers">The embedding, decoder layers, the head.</param>
    /// <param name="microBatches">How many.</param>
    public static IEnumerable<Step> Sweep(int layers, int microBatches)
    {
        for (var layer = 0; layer < layers; layer++)
        {
            var isDecoder = layer > 0 && layer + 1 < layers;
            foreach (var half in isDecoder ? new[] { Part.Attention, Part.FeedForward } : [Part.Whole])
            {
                for (var k = 0; k < microBatches; k++)
                {
                    yield return new(layer, half, k);
                }
            }
        }
    }

    /// <summary>Which part of a layer is computed.</summary>
    internal enum Part
    {
        /// <summary>Of the embedding and of the head, all.</summary>
        Whole,
        Attention,
        FeedForward,
    }

    /// <summary>What is done until the next wait for everything.</summary>
    /// <param name="Layer">Index j.</param>
    /// <param name="Part">Of it.</param>
    /// <param name="MicroBatch">Index k.</param>
    internal readonly record struct Step(int Layer, Part Part, int MicroBatch);
}
