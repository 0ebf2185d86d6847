using FlexGen.Planning.Plans;
using static TorchSharp.torch;

namespace FlexGen.Engine.Memory;

/// <summary>Tensors on their way home, each freed when it has got there: few at a time, so that they take little of the compute device.</summary>
/// <param name="lane">What copies; it ends before the queue is disposed.</param>
internal sealed class StoreQueue(Lane lane) : IDisposable
{
    /// <summary>The most tensors, or sets of them, that are on their way at once.</summary>
    public const int Most = WorkspacePlan.MostStoring;

    private readonly Queue<(Transfer Transfer, Tensor[] Tensors)> underWay = new();

    /// <summary>Starts to take tensors home. Blocks this thread while there are <see cref="Most"/> before them.</summary>
    /// <param name="copy">Reads them, on the lane's thread, when the compute device has done all that it has been given so far.</param>
    /// <param name="tensors">In no dispose scope; the queue frees them.</param>
    /// <param name="at">As in <see cref="Lane.Start"/>.</param>
    /// <exception cref="EngineException">An earlier copy failed.</exception>
    public Transfer Start(Action<Copier> copy, Tensor[] tensors, (int Layer, int Index)? at = null)
    {
        while (underWay.Count >= Most)
        {
            underWay.Peek().Transfer.WaitOnHost();
            FreeOldest();
        }

        var transfer = lane.StartAfterCompute(copy, at);
        underWay.Enqueue((transfer, tensors));
        return transfer;
    }

    public void Dispose()
    {
        while (underWay.Count > 0)
        {
            FreeOldest();
        }
    }

    private void FreeOldest()
    {
        var (transfer, tensors) = underWay.Dequeue();
        transfer.Dispose();
        Array.ForEach(tensors, t => t.Dispose());
    }
}
