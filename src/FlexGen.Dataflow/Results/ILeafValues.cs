using System.Text.Json;
using FlexGen.Dataflow.Columns;

namespace FlexGen.Dataflow.Results;

/// <summary>Gathers the values of one leaf of one record's results.</summary>
internal interface ILeafValues
{
    /// <summary>A value.</summary>
    /// <param name="value">As JSON has it.</param>
    /// <param name="repetition">How deep the list is whose next item this begins; 0: none.</param>
    /// <exception cref="RecordException">It does not fit the column.</exception>
    void Add(JsonElement value, int repetition);

    /// <summary>No value.</summary>
    /// <param name="definition">How many of those that may be missing above it are there.</param>
    /// <param name="repetition">As for a value.</param>
    void AddMissing(int definition, int repetition);

    /// <summary>What was gathered, as a column of one row.</summary>
    ColumnData ToColumn();
}
