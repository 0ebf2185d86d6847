namespace FlexGen.Testing.Soak;

/// <summary>One fault of a plan.</summary>
/// <param name="Wait">How long after the one before.</param>
/// <param name="Kind">What happens.</param>
/// <param name="Pick">Which worker or node, as a share in [0, 1) of those there are.</param>
/// <param name="Length">How long a node stays down, a worker stays suspended, or its place stays empty.</param>
internal readonly record struct Fault(TimeSpan Wait, FaultKind Kind, double Pick, TimeSpan Length)
{
    /// <summary>The faults of a seed, without end: each kind once in every round, in random order.</summary>
    public static IEnumerable<Fault> Plan(int seed, IReadOnlyList<FaultKind> kinds)
    {
        var random = new Random(seed);
        while (true)
        {
            var round = kinds.ToArray();
            random.Shuffle(round);
            foreach (var kind in round)
            {
                yield return new Fault(Seconds(random, 2, 6), kind, random.NextDouble(), kind switch
                {
                    FaultKind.SuspendWorker => SoakOptions.SessionTimeout + Seconds(random, 2, 6),
                    FaultKind.KillNode or FaultKind.StopNode => Seconds(random, 3, 10),
                    _ => Seconds(random, 0, 3),
                });
            }
        }
    }

    private static TimeSpan Seconds(Random random, double from, double to) => TimeSpan.FromSeconds(from + (to - from) * random.NextDouble());
}
