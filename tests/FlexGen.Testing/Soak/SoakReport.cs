namespace FlexGen.Testing.Soak;

/// <summary>What a soak found, as a reader of committed messages sees it.</summary>
/// <param name="Seed">Repeats its requests and faults.</param>
/// <param name="Guarantee">What the workers were to hold.</param>
/// <param name="Requests">What was asked.</param>
/// <param name="Results">Answers in the topic of results.</param>
/// <param name="DeadLetters">Answers in the dead letter.</param>
/// <param name="Lost">Requests in neither topic.</param>
/// <param name="Duplicated">Answers beyond the first of a request, over both topics.</param>
/// <param name="Misplaced">Good requests in the dead letter, bad ones in the results, and answers to nothing that was asked.</param>
/// <param name="OutOfOrder">Results behind a later one of the same key.</param>
/// <param name="WorkerFailures">Workers that ended though nothing asked them to, or not with 0 when terminated.</param>
/// <param name="Faults">All that were applied.</param>
/// <param name="FaultsByKind">The same, by kind.</param>
/// <param name="Seconds">From the first worker's start to the last fault's end.</param>
internal sealed record SoakReport(
    int Seed,
    string Guarantee,
    int Requests,
    int Results,
    int DeadLetters,
    int Lost,
    int Duplicated,
    int Misplaced,
    int OutOfOrder,
    int WorkerFailures,
    int Faults,
    IReadOnlyDictionary<FaultKind, int> FaultsByKind,
    double Seconds)
{
    public bool Passed => Lost == 0 && Misplaced == 0 && OutOfOrder == 0 && WorkerFailures == 0 && (Duplicated == 0 || Guarantee == "atLeastOnce");
}
