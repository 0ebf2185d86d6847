namespace FlexGen.Planning.Plans;

/// <summary>Gives each of a run of things a tier such that at every point the bytes so far are as near to their shares as they can be.</summary>
internal struct ShareCounter(Placement placement)
{
    private double total;
    private double onGpu;
    private double onHost;
    private double onDisk;

    public Tier Next(long bytes)
    {
        total += bytes;
        var (gpu, host, disk) = (Lacking(placement.Gpu, onGpu), Lacking(placement.Host, onHost), Lacking(placement.Disk, onDisk));
        if (gpu >= host && gpu >= disk)
        {
            onGpu += bytes;
            return Tier.Gpu;
        }

        if (host >= disk)
        {
            onHost += bytes;
            return Tier.Host;
        }

        onDisk += bytes;
        return Tier.Disk;
    }

    private readonly double Lacking(double share, double placed) => share == 0 ? double.NegativeInfinity : (total * share / 100) - placed;
}
