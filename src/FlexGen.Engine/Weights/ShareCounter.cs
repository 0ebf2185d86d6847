using FlexGen.Planning;

namespace FlexGen.Engine.Weights;

/// <summary>Gives each of a run of things a tier such that at every point the bytes so far are as near to their shares as they can be.</summary>
internal sealed class ShareCounter(Placement placement)
{
    private readonly double[] placed = new double[3];
    private double total;

    public Tier Next(long bytes)
    {
        total += bytes;
        var tier = new[] { Tier.Gpu, Tier.Host, Tier.Disk }.MaxBy(Lacking);
        placed[(int)tier] += bytes;
        return tier;

        double Lacking(Tier t)
        {
            var share = t switch { Tier.Gpu => placement.Gpu, Tier.Host => placement.Host, _ => placement.Disk };
            return share == 0 ? double.NegativeInfinity : (total * share / 100) - placed[(int)t];
        }
    }
}
