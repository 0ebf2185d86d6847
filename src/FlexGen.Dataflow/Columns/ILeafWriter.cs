namespace FlexGen.Dataflow.Columns;

/// <summary>Takes the values of a row group's leaves, one leaf after another.</summary>
internal interface ILeafWriter
{
    /// <param name="leaf">Which leaf of the row schema it is.</param>
    /// <param name="values">The values that are not null.</param>
    /// <param name="definitions">A level per value or null; null for a leaf that is required all the way down.</param>
    /// <param name="repetitions">A level per value or null; null for a leaf that does not repeat.</param>
    /// <param name="cancellationToken">Ends the writing.</param>
    Task WriteAsync<T>(
        int leaf, ReadOnlyMemory<T> values, ReadOnlyMemory<int>? definitions, ReadOnlyMemory<int>? repetitions, CancellationToken cancellationToken)
        where T : struct;
}
