namespace FlexGen.Testing.Soak;

/// <summary>How long and how hard a soak is.</summary>
/// <param name="Seed">Draws requests and faults; the same seed gives the same ones.</param>
/// <param name="Requests">Requests in all: a quarter is there at the start, the others come over the time.</param>
/// <param name="Time">How long faults go on.</param>
/// <param name="Faults">At least so many, however long that takes.</param>
internal sealed record SoakOptions(int Seed, int Requests, TimeSpan Time, int Faults)
{
    public const int Partitions = 12;
    public const int Workers = 3;

    /// <summary>Brokers; with fewer than three the topics are away while one is.</summary>
    public int Nodes { get; init; } = 3;

    /// <summary>What the faults are.</summary>
    public IReadOnlyList<FaultKind> Kinds { get; init; } = Enum.GetValues<FaultKind>();

    /// <summary>The sink's <c>guarantee</c>.</summary>
    public string Guarantee { get; init; } = "exactlyOnce";

    /// <summary>The shortest that a broker allows unless told otherwise.</summary>
    public static readonly TimeSpan SessionTimeout = TimeSpan.FromSeconds(6);
}
