using System.Threading.Channels;
using FlexGen.Engine.Batch;

namespace FlexGen.Engine;

/// <summary>Gives free slots to the sequences that wait.</summary>
/// <param name="microBatches">The slots.</param>
/// <param name="waiting">The queue.</param>
/// <param name="submitting">Held while several are put into it that are to be admitted together.</param>
internal sealed class Admission(IReadOnlyList<MicroBatch> microBatches, ChannelReader<Sequence> waiting, Lock submitting)
{
    public bool IsIdle => microBatches.All(m => m.IsEmpty);

    /// <summary>Blocks until there is something in the queue; false when there will not be.</summary>
    public bool Wait() => waiting.WaitToReadAsync().AsTask().GetAwaiter().GetResult();

    /// <summary>Each sequence goes where the fewest prompt tokens are to be prefilled, so that the micro-batches of a sweep take alike.</summary>
    public void Fill()
    {
        lock (submitting)
        {
            while (microBatches.Where(m => m.HasRoom).MaxBy(m => m.PromptRoom) is { } roomiest && waiting.TryRead(out var next))
            {
                Admit(next, roomiest);
            }
        }
    }

    /// <summary>One micro-batch takes sequences, up to its share of all that run and wait: the others' turns come.</summary>
    public void Fill(int microBatch)
    {
        lock (submitting)
        {
            var one = microBatches[microBatch];
            one.BeginSweep();
            var share = (microBatches.Sum(m => m.Running) + waiting.Count + microBatches.Count - 1 - microBatch) / microBatches.Count;
            while (one.HasRoom && one.Running < share && waiting.TryRead(out var next))
            {
                Admit(next, one);
            }
        }
    }

    private static void Admit(Sequence sequence, MicroBatch to)
    {
        if (sequence.Begin())
        {
            to.Admit(sequence);
        }
    }
}
