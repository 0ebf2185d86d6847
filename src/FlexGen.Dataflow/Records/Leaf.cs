using Parquet.Schema;

namespace FlexGen.Dataflow.Records;

/// <summary>A leaf column of a dataset.</summary>
/// <param name="Column">The top-level column that it belongs to.</param>
/// <param name="Logical">What the values mean: a date, a decimal, a text.</param>
/// <param name="Physical">How the values are held while they pass through: see <see cref="Sources.PhysicalTypes"/>.</param>
internal sealed record Leaf(string Column, DataField Logical, DataField Physical)
{
    /// <summary>A column of its own, not part of a list, struct or map.</summary>
    public bool IsFlat => Logical.Path.Length == 1 && Logical.MaxRepetitionLevel == 0;
}
