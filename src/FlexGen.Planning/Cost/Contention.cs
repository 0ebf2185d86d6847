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
    /// <param name="moved">Bytes over all links.</param>
    /// <param name="seconds">Of the sweep.</param>
    public static Contention Of(HardwareProfile profile, ResourceTimes busy, double moved, double seconds)
    {
        var (copies, attention, reads) = (Share(Resource.ToGpu) / busy.Devices, Share(Resource.HostAttention), Share(Resource.DiskReads));
        var (link, compute) = (profile.Links.HostToGpu, profile.Compute);
        if (!compute.IsGpu)
        {
            return new(1, 1, 1 + (copies * (compute.BesideCopies - 1)) + (reads * (compute.BesideReads - 1)));
        }

        var ofTheHost = InHostMemory(profile, moved / seconds, attention);
        return new(
            Math.Max(ofTheHost, 1 + (attention * ((link.Alone / link.BesideAttention) - 1))),
            Math.Max(ofTheHost, 1 + (copies * (profile.HostAttention.BesideCopies - 1))),
            1 + (copies * (compute.BesideCopies - 1)));

        double Share(Resource resource)
        {
            var share = 0.0;
            for (var device = 0; device < busy.Devices; device++)
            {
                share += Math.Min(1, busy[resource, device] / seconds);
            }

            return share;
        }
    }

    /// <summary>How many times as long links of several devices, and attention beside them, take, since host memory has only so much for all of them.</summary>
    private static double InHostMemory(HardwareProfile profile, double moved, double attention)
    {
        if (profile.Devices is not { Count: > 1 } group)
        {
            return 1;
        }

        var read = profile.HostAttention.ByFormat.Values.Max(a => a.Plain.Points[^1].X / a.Plain.Points[^1].Y);
        return Math.Max(1, (moved + (attention * read)) / group.HostRate);
    }
}
