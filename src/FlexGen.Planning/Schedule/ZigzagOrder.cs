namespace FlexGen.Planning.Schedule;

/// <summary>How the steps of a zig-zag sweep follow each other.</summary>
/// <param name="WeightPages">Pages of a layer's weights; null: as many as there are micro-batches with something to compute.</param>
/// <param name="CompletesLater">
/// Whether a micro-batch is completed only when the following one attends, so that attention in host memory has work throughout; otherwise as soon as it
/// has attended, and the next device can begin.
/// </param>
/// <param name="AcrossLayers">
/// Whether the first micro-batch begins a layer while the last is still in the one before, where there are three or more: attention in
/// host memory goes on without a pause. Both layers' weights are in use then, so streamed ones, with two buffers, would wait. Several devices
/// have something else to do meanwhile.
/// </param>
public readonly record struct ZigzagOrder(int? WeightPages, bool CompletesLater, bool AcrossLayers)
{
    /// <summary>What a policy wants.</summary>
    /// <param name="policy">The policy.</param>
    /// <param name="devices">How many compute.</param>
    public static ZigzagOrder Of(Policy policy, int devices) =>
        new(policy.WeightPages, devices == 1 || policy.AttentionOnHost > 0, policy.GoesAcrossLayers);

    internal bool Crosses(StageMap stages, int microBatches) => AcrossLayers && stages.Count == 1 && microBatches > 2;
}
