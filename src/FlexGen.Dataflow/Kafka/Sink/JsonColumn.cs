using System.Text;
using System.Text.Json;
using FlexGen.Dataflow.Columns;
using FlexGen.Dataflow.Records;

namespace FlexGen.Dataflow.Kafka.Sink;

/// <summary>How a column becomes a field of a JSON object.</summary>
/// <param name="name">The column.</param>
/// <param name="leaf">Its leaf.</param>
/// <param name="writer">Writes a value's text.</param>
/// <param name="isNumber">Whether that text is a JSON number, true or false.</param>
internal sealed class JsonColumn(string name, int leaf, ValueWriter writer, bool isNumber)
{
    private readonly byte[] utf8 = Encoding.UTF8.GetBytes(name);
    private readonly byte[] quoted = Encoding.UTF8.GetBytes(JsonSerializer.Serialize(name) + ":");

    /// <summary>The name in quotes, and a colon.</summary>
    public ReadOnlySpan<byte> Name => quoted;

    public int Leaf => leaf;

    public ValueWriter Writer => writer;

    /// <summary>Whether a value's text stands without quotes; what is no number in JSON, such as NaN, does not.</summary>
    public bool IsBare(ReadOnlySpan<char> text) => isNumber && text[^1] is (>= '0' and <= '9') or 'e' && text is not "Infinity";

    /// <exception cref="PipelineException">The column is nested or binary.</exception>
    public static JsonColumn Of(string name, RowSchema schema)
    {
        var leaf = Enumerable.Range(0, schema.Leaves.Count).First(i => schema.Leaves[i].Column == name);
        var writer = ValueText.WriterOf(schema.Leaves[leaf]) ?? throw new PipelineDefinitionException(
            $"column '{name}' is nested or binary, which a message's JSON cannot carry: leave it out with source.parquet.columns.");
        return new JsonColumn(name, leaf, writer, ValueText.IsNumber(schema.Leaves[leaf]));
    }

    /// <summary>The column that the reader's property names; null where none does.</summary>
    public static JsonColumn? Find(JsonColumn[] columns, ref Utf8JsonReader reader)
    {
        foreach (var column in columns)
        {
            if (reader.ValueTextEquals(column.utf8))
            {
                return column;
            }
        }

        return null;
    }
}
