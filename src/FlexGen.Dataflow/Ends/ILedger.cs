using FlexGen.Dataflow.Records;

namespace FlexGen.Dataflow.Ends;

/// <summary>
/// What a sink has done of each stream, for whoever reads them: it says what to pass over, is told what is on its way, and of what is given
/// up. Safe for several threads.
/// </summary>
internal interface ILedger
{
    /// <summary>The positions of a stream whose records are done. The caller may keep them.</summary>
    /// <exception cref="PipelineException">What is done under the stream's name is another stream's.</exception>
    IntervalSet Done(string stream);

    /// <summary>Announces records in the order they were read, before they can reach the sink; waits while there is no room for them.</summary>
    /// <exception cref="PipelineException">The sink is broken.</exception>
    ValueTask ExpectAsync(IReadOnlyList<Record> records, CancellationToken cancellationToken);

    /// <summary>
    /// Commits what can be of assignments that are about to end, and ends them: no record of theirs is taken from then on. It does not
    /// fail, and does not wait for what only another call of the reader's could bring, for a whole group waits for it. What it cannot commit
    /// is read again by whoever gets the stream. Where the attempt breaks the sink, each later call that expects, writes or commits throws
    /// what broke it.
    /// </summary>
    ValueTask ReleaseAsync(IReadOnlyCollection<Assignment> assignments);
}
