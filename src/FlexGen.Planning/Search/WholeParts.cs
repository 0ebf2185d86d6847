namespace FlexGen.Planning.Search;

/// <summary>Placements by whole things, in per cents that people can write down.</summary>
internal static class WholeParts
{
    /// <summary>The placement that <see cref="Placement.Split"/> takes apart into so many things, for up to some hundred of them.</summary>
    /// <param name="gpu">Things on the GPU.</param>
    /// <param name="host">Things in host memory; the rest is on disk.</param>
    /// <param name="things">All of them.</param>
    public static Placement Placement(int gpu, int host, int things)
    {
        var onGpu = Math.Round(100.0 * gpu / things, 1);
        return new(onGpu, gpu + host >= things ? 100 - onGpu : Math.Max(0, Math.Round(100.0 * (gpu + host) / things, 1) - onGpu));
    }
}
