namespace FlexGen.Planning.Hardware;

/// <summary>One direction between two tiers: a copy takes its latency and its bytes over a rate. Rates are bytes per second.</summary>
/// <param name="Alone">When nothing else is copied.</param>
/// <param name="BesideOther">While the other direction copies, too.</param>
/// <param name="BesideAttention">While attention in host memory has all its threads at work.</param>
/// <param name="LatencySeconds">Of a copy of nothing, from one to the next.</param>
public sealed record CopyRates(double Alone, double BesideOther, double BesideAttention, double LatencySeconds)
{
    /// <summary>Whether these can be a link's.</summary>
    internal bool IsSound => Alone > 0 && BesideOther > 0 && BesideAttention > 0 && LatencySeconds >= 0;
}
