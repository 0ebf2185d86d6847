namespace FlexGen.Planning.Plans;

/// <summary>
/// Where one layer's weights rest: some on the compute device, the others in one image, first the host's part and then the disk's, each
/// weight in whole sectors.
/// </summary>
/// <param name="Weights">All of them, in the order of the layer's list.</param>
/// <param name="HostBytes">The host's part of the image.</param>
/// <param name="DiskBytes">The disk's part.</param>
/// <param name="FileOffset">Where the disk's part begins in the file that all layers have.</param>
public sealed record LayerPlan(IReadOnlyList<PlacedWeight> Weights, long HostBytes, long DiskBytes, long FileOffset)
{
    /// <summary>Size of the image: what is streamed each sweep.</summary>
    public long ImageBytes => HostBytes + DiskBytes;
}
