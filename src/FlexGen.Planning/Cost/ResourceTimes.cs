namespace FlexGen.Planning.Cost;

/// <summary>Seconds for each resource, and of those that each compute device has for each of them.</summary>
/// <param name="devices">How many compute devices there are.</param>
internal sealed class ResourceTimes(int devices)
{
    private static readonly int resources = Enum.GetValues<Resource>().Length;
    private readonly double[] seconds = new double[resources * devices];

    public int Devices => devices;

    public ref double this[Resource resource, int device = 0] => ref seconds[(device * resources) + (int)resource];

    /// <summary>All of them.</summary>
    public Span<double> All => seconds;

    /// <summary>Of the device that has the most.</summary>
    public double Most(Resource resource)
    {
        var most = 0.0;
        for (var device = 0; device < devices; device++)
        {
            most = Math.Max(most, this[resource, device]);
        }

        return most;
    }

    /// <summary>Of all devices together.</summary>
    public double Sum(Resource resource)
    {
        var sum = 0.0;
        for (var device = 0; device < devices; device++)
        {
            sum += this[resource, device];
        }

        return sum;
    }

    /// <summary>Adds some seconds, times a weight.</summary>
    public void Add(ResourceTimes more, double weight)
    {
        for (var n = 0; n < seconds.Length; n++)
        {
            seconds[n] += weight * more.seconds[n];
        }
    }

    public ResourceTimes Copy()
    {
        var copy = new ResourceTimes(devices);
        copy.Add(this, 1);
        return copy;
    }
}
