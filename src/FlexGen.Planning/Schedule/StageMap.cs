namespace FlexGen.Planning.Schedule;

/// <summary>
/// Which compute device has which layer. Layers go in turns: layer l is on device l mod S, so that each layer's weights come by another link than those of
/// the layers around it. A head that is the embedding is where the embedding is. Where nothing is streamed the embedding is with the first layer that attends,
/// and the head with the last: as turns of their own they would take next to no time, and the next device would wait.
/// </summary>
/// <param name="Layers">How many, embedding and head among them.</param>
/// <param name="Count">Compute devices, S.</param>
/// <param name="IsTied">Whether the head's weight is the embedding's.</param>
/// <param name="JoinsEnds">Whether embedding and head have no turns of their own.</param>
public readonly record struct StageMap(int Layers, int Count = 1, bool IsTied = false, bool JoinsEnds = false)
{
    /// <summary>The device of a layer.</summary>
    public int Of(int layer) => IsTied && layer == Layers - 1 ? 0
        : !JoinsEnds ? layer % Count
        : (Math.Clamp(layer, 1, Layers - 2) - 1) % Count;

    /// <summary>The layers of a device, in order.</summary>
    public IEnumerable<int> On(int stage)
    {
        var all = this;
        return Enumerable.Range(0, Layers).Where(layer => all.Of(layer) == stage);
    }

    /// <summary>The end of the layers that follow a layer on its device.</summary>
    public int RunEnd(int first)
    {
        var end = first + 1;
        while (end < Layers && !Leaves(end - 1))
        {
            end++;
        }

        return end;
    }

    /// <summary>Whether the hidden states after a layer are wanted on another device.</summary>
    public bool Leaves(int layer) => layer + 1 < Layers && Of(layer) != Of(layer + 1);
}
