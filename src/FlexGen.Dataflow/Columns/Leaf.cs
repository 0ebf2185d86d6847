namespace FlexGen.Dataflow.Columns;

/// <summary>A leaf column of a dataset.</summary>
/// <param name="Column">The top-level column that it belongs to.</param>
/// <param name="Physical">How the values are stored and held while they pass through.</param>
internal sealed record Leaf(string Column, PhysicalField Physical);
