using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using FlexGen.Dataflow.Checks.Schema;
using FlexGen.Dataflow.Columns;
using FlexGen.Dataflow.Records;
using FlexGen.Schemas;
using PhysicalType = Parquet.Meta.Type;

namespace FlexGen.Dataflow.Results;

/// <summary>The properties of the output's schema as columns, and what a record's output has in them. Thread-safe.</summary>
internal sealed class ResultColumns
{
    private const string OutOfRange = "value_out_of_range";
    private const int DaysOf400Years = 146_097;
    private static readonly DateOnly epoch = new(1970, 1, 1);
    private readonly IReadOnlyList<ResultType> types;

    private ResultColumns(IReadOnlyList<ResultType> types)
    {
        this.types = types;
        RowColumn[] columns = [.. types.Select(type => new RowColumn([.. ResultElements.Of(type)]))];
        Schema = new RowSchema(columns, [.. columns.SelectMany(column => column.Leaves(PhysicalField.InNoFile))]);
    }

    /// <summary>The columns, in the schema's order.</summary>
    public RowSchema Schema { get; }

    /// <summary>Names beside each other, at any depth, that differ in case alone; null: there are none.</summary>
    public IReadOnlyList<string>? Alike => AlikeIn(types);

    /// <param name="root">The output's schema.</param>
    /// <param name="isOnly">Whether the columns are all that is kept of an output.</param>
    /// <exception cref="SchemaException">It has no fixed set of properties, or one of them has no one type.</exception>
    public static ResultColumns Of(SchemaNode root, bool isOnly) => new(new ResultSchema(isOnly).Read(root));

    /// <summary>The columns of one row that an output has.</summary>
    /// <param name="output">JSON of the schema.</param>
    /// <exception cref="RecordException">A value does not fit its column.</exception>
    public Rows Read(string output)
    {
        using var document = JsonDocument.Parse(output);
        ILeafValues[] leaves = [.. Schema.Leaves.Select(Values)];
        var leaf = 0;
        foreach (var type in types)
        {
            Add(type, document.RootElement.TryGetProperty(type.Name, out var value) ? value : null, 0, 0, 0, leaves, ref leaf);
        }

        return new Rows([.. leaves.Select(values => values.ToColumn())]);
    }

    private static string[]? AlikeIn(IReadOnlyList<ResultType> types) =>
        types.GroupBy(type => type.Name, StringComparer.OrdinalIgnoreCase).FirstOrDefault(same => same.Count() > 1) is { } alike
            ? [.. alike.Select(type => type.Name)]
            : types.Select(type => AlikeIn(type.Inner)).FirstOrDefault(inner => inner is not null);

    /// <param name="type">The type of the value.</param>
    /// <param name="value">The value; null where it, or what it would be in, is missing.</param>
    /// <param name="definition">How many of those that may be missing above it are there.</param>
    /// <param name="repetition">How deep the list is whose next item it begins.</param>
    /// <param name="depth">How many lists it is in.</param>
    /// <param name="leaves">The leaves.</param>
    /// <param name="leaf">The first of the type's; those after it when this returns.</param>
    private static void Add(ResultType type, JsonElement? value, int definition, int repetition, int depth, ILeafValues[] leaves, ref int leaf)
    {
        var there = value is { ValueKind: not JsonValueKind.Null };
        definition += there && type.IsNullable ? 1 : 0;
        switch (type.Kind)
        {
            case ResultKind.Struct:
                foreach (var inner in type.Inner)
                {
                    Add(inner, there && value!.Value.TryGetProperty(inner.Name, out var found) ? found : null, definition, repetition, depth, leaves, ref leaf);
                }

                break;
            case ResultKind.List:
                AddItems(type.Inner[0], there ? value!.Value : null, definition, repetition, depth + 1, leaves, ref leaf);
                break;
            default:
                if (there)
                {
                    leaves[leaf++].Add(value!.Value, repetition);
                }
                else
                {
                    leaves[leaf++].AddMissing(definition, repetition);
                }

                break;
        }
    }

    private static void AddItems(ResultType item, JsonElement? list, int definition, int repetition, int depth, ILeafValues[] leaves, ref int leaf)
    {
        var first = leaf;
        foreach (var value in list is { } items ? items.EnumerateArray().AsEnumerable() : [])
        {
            leaf = first;
            Add(item, value, definition + 1, repetition, depth, leaves, ref leaf);
            repetition = depth;
        }

        if (leaf == first)
        {
            Add(item, null, definition, repetition, depth, leaves, ref leaf);
        }
    }

    private static ILeafValues Values(Leaf leaf) => leaf.Physical.Element switch
    {
        { LogicalType.STRING: not null } => new LeafValues<ReadOnlyMemory<byte>>(leaf.Physical, value => Encoding.UTF8.GetBytes(value.GetString()!)),
        { LogicalType.DATE: not null } => new LeafValues<int>(leaf.Physical, Day),
        { Type: PhysicalType.INT64 } => new LeafValues<long>(leaf.Physical, Long),
        { Type: PhysicalType.DOUBLE } => new LeafValues<double>(leaf.Physical, Double),
        _ => new LeafValues<bool>(leaf.Physical, value => value.GetBoolean()),
    };

    // A day of the year 0, which no date here has, is as that of the year 400, all but how far it is.
    private static int Day(JsonElement value)
    {
        var text = value.GetString()!;
        var isFirst = text.StartsWith("0000", StringComparison.Ordinal);
        return DateOnly.TryParseExact(
            isFirst ? $"0400{text[4..]}" : text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date)
            ? date.DayNumber - epoch.DayNumber - (isFirst ? DaysOf400Years : 0)
            : throw new RecordException(OutOfRange, $"the output has {Excerpt.Of(text)}, which is no day of the years 0 to 9999.");
    }

    // Whole numbers may be written 1.0 or 1e3.
    private static long Long(JsonElement value) =>
        value.TryGetInt64(out var whole) || long.TryParse(JsonNumber.Parse(JsonMarshal.GetRawUtf8Value(value)).ToString(), NumberStyles.Float,
            CultureInfo.InvariantCulture, out whole)
            ? whole
            : throw new RecordException(OutOfRange, $"the output has the whole number {Excerpt.Of(value.GetRawText())}, which does not fit into 64 bits.");

    private static double Double(JsonElement value) => value.TryGetDouble(out var number) && double.IsFinite(number)
        ? number
        : throw new RecordException(OutOfRange, $"the output has the number {Excerpt.Of(value.GetRawText())}, which does not fit into 64 bits.");
}
