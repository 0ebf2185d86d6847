namespace FlexGen.Planning.Cost;

/// <summary>What a resource does for a while in a sweep.</summary>
/// <param name="Resource">Which.</param>
/// <param name="Start">Seconds from the sweep's beginning.</param>
/// <param name="End">Likewise.</param>
/// <param name="Layer">Index j.</param>
/// <param name="MicroBatch">Index k; null: all share it.</param>
/// <param name="Device">Whose it is, of those that each compute device has for itself; otherwise 0.</param>
public readonly record struct Span(Resource Resource, double Start, double End, int Layer, int? MicroBatch, int Device = 0);
