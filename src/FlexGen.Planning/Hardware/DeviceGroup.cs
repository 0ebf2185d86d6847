namespace FlexGen.Planning.Hardware;

/// <summary>Compute devices of one host that are alike, each with a link of its own.</summary>
/// <param name="Count">How many there are.</param>
/// <param name="HandOverSeconds">From one to the next, of a copy of nothing.</param>
/// <param name="HandOverRate">Bytes per second from one to the next; 0: they pass through host memory, by one link and then by the other.</param>
/// <param name="HostRate">Bytes per second that all links draw from host memory, or bring there, together with the processor.</param>
public sealed record DeviceGroup(int Count, double HandOverSeconds, double HandOverRate, double HostRate)
{
    /// <summary>Bytes per second of host memory that two links were found to share.</summary>
    public const double MeasuredHostRate = 128e9;

    /// <summary>Two H100s of one host: 22 us for 0.9 MB, 393 GB/s between them, and 128 GB/s of host memory.</summary>
    public static DeviceGroup Measured { get; } = new(2, 20e-6, 393e9, MeasuredHostRate);

    /// <summary>Whether these can be some devices'.</summary>
    internal bool IsSound => Count >= 1 && HandOverSeconds >= 0 && HandOverRate >= 0 && HostRate > 0;
}
