using FlexGen.Planning.Cost;

namespace FlexGen.Worker.Policies;

/// <summary>What a run is expected to generate.</summary>
/// <param name="Workload">Lengths, and how many.</param>
/// <param name="AsEarlier">Whether earlier runs had outputs of these lengths; otherwise each is taken to be as long as it can.</param>
internal sealed record ExpectedWorkload(Workload Workload, bool AsEarlier)
{
    /// <summary>Where the lengths of outputs are from.</summary>
    public string Basis => AsEarlier ? "outputs as earlier runs had them" : "outputs at their longest";
}
