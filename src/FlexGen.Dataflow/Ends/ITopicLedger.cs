namespace FlexGen.Dataflow.Ends;

/// <summary>A ledger that has the positions of topics, too: what their consumer group has committed only mirrors it.</summary>
internal interface ITopicLedger : ILedger
{
    /// <summary>Where streams begin, as far as it was told; of those that it was not, at 0.</summary>
    IReadOnlyDictionary<string, long> Starts { get; }

    /// <summary>Keeps where streams begin: what is before is not wanted.</summary>
    /// <exception cref="PipelineException">It cannot.</exception>
    ValueTask BeginAsync(IReadOnlyDictionary<string, long> starts);

    /// <summary>Has the sink commit, so that <see cref="ILedger.Done"/> says all that it has taken.</summary>
    /// <exception cref="PipelineException">The sink cannot, or is broken.</exception>
    ValueTask CommitAsync();
}
