using System.Text.Json;
using FlexGen.Dataflow.Columns;

namespace FlexGen.Dataflow.Results;

/// <inheritdoc cref="ILeafValues"/>
/// <param name="field">The leaf.</param>
/// <param name="read">Makes a value of one in JSON.</param>
internal sealed class LeafValues<T>(PhysicalField field, Func<JsonElement, T> read) : ILeafValues
    where T : struct
{
    private readonly List<T> values = [];
    private readonly List<int> definitions = [];
    private readonly List<int> repetitions = [];

    public void Add(JsonElement value, int repetition)
    {
        values.Add(read(value));
        AddMissing(field.MaxDefinitionLevel, repetition);
    }

    public void AddMissing(int definition, int repetition)
    {
        definitions.Add(definition);
        repetitions.Add(repetition);
    }

    public ColumnData ToColumn() => new TypedColumnData<T>(
        field, [.. values], field.MaxDefinitionLevel > 0 ? [.. definitions] : null, field.MaxRepetitionLevel > 0 ? [.. repetitions] : null);
}
