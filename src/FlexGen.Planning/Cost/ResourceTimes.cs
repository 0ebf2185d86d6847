namespace FlexGen.Planning.Cost;

/// <summary>Seconds for each resource.</summary>
internal readonly struct ResourceTimes()
{
    private static readonly int resources = Enum.GetValues<Resource>().Length;
    private readonly double[] seconds = new double[resources];

    public ref double this[Resource resource] => ref seconds[(int)resource];

    /// <summary>Adds some seconds, times a weight.</summary>
    public void Add(ResourceTimes more, double weight)
    {
        for (var n = 0; n < resources; n++)
        {
            seconds[n] += weight * more.seconds[n];
        }
    }

    public ResourceTimes Copy()
    {
        var copy = new ResourceTimes();
        copy.Add(this, 1);
        return copy;
    }
}
