namespace FlexGen.Planning.Schedule;

/// <summary>
/// Which compute device has which layer. Layers go in turns: layer l is on device l mod S, so that each layer's weights come by another link than those of
/// the layers around it. A head that is the embedding is where the embedding is.
/// </summary>
/// <param name="Layers">How many, embedding and head among them.</param>
/// <param name="Count">Compute devices, S.</param>
/// <param name="IsTied">Whether the head's weight is the embedding's.</param>
public readonly record struct StageMap(int Layers, int Count = 1, bool IsTied = false)
{
    /// <summary>The device of a layer.</summary>
    public int Of(int layer) => IsTied && layer == Layers - 1 ? 0 : layer % Count;

    /// <summary>The layers of a device, in order.</summary>
    public IEnumerable<int> On(int stage)
    {
        var all = this;
        return Enumerable.Range(0, Layers).Where(layer => all.Of(layer) == stage);
    }

    /// <summary>Whether the hidden states after a layer are wanted on another device.</summary>
    public bool Leaves(int layer) => layer + 1 < Layers && Of(layer) != Of(layer + 1);
}
