namespace FlexGen.Planning.Cost;

/// <summary>How much longer each takes because others are at work beside it: 1 where nothing is.</summary>
/// <param name="Link">Copies to the compute device.</param>
/// <param name="HostAttention">Attention in host memory.</param>
/// <param name="Compute">The compute device.</param>
internal readonly record struct Contention(double Link, double HostAttention, double Compute)
{
    public static Contention None { get; } = new(1, 1, 1);
}
