using FlexGen.Planning.Hardware;

namespace FlexGen.Planning.Cost;

/// <summary>How much longer each takes because others are at work beside it: 1 where nothing is.</summary>
/// <param name="Link">Copies to the compute device.</param>
/// <param name="HostAttention">Attention in host memory.</param>
/// <param name="Compute">The compute device.</param>
internal readonly record struct Contention(double Link, double HostAttention, double Compute)
{
    public static Contention None { get; } = new(1, 1, 1);

    /// <summary>What works beside what, by how long each is at work in a sweep when nothing holds up another.</summary>
    /// <param name="profile">The machine.</param>
    /// <param name="busy">Seconds of each.</param>
    /// <param name="seconds">Of the sweep.</param>
    public static Contention Of(HardwareProfile profile, ResourceTimes busy, double seconds)
    {
        var (copies, attention, reads) = (Share(Resource.ToGpu), Share(Resource.HostAttention), Share(Resource.DiskReads));
        var (link, compute) = (profile.Links.HostToGpu, profile.Compute);
        return compute.IsGpu
            ? new(1 + (attention * ((link.Alone / link.BesideAttention) - 1)), 1 + (copies * (profile.HostAttention.BesideCopies - 1)),
                1 + (copies * (compute.BesideCopies - 1)))
            : new(1, 1, 1 + (copies * (compute.BesideCopies - 1)) + (reads * (compute.BesideReads - 1)));

        double Share(Resource resource) => Math.Min(1, busy[resource] / seconds);
    }
}
