using Parquet.Meta;
using Parquet.Schema;
using PhysicalType = Parquet.Meta.Type;

namespace FlexGen.Dataflow.Columns;

/// <summary>
/// A leaf as Parquet stores it: path, levels and physical type, whatever groups it is in and whatever it means. Parquet.Net takes levels from the
/// shapes of lists, maps and structs that it knows; here they are counted, so that any shape passes.
/// </summary>
internal sealed class PhysicalField : DataField
{
    public const int InNoFile = -1;

    private PhysicalField(SchemaElement element, IReadOnlyList<FieldRepetitionType> repetitions, int ordinal)
        : base(element.Name, TypeOf(element))
    {
        Element = element;
        Repetitions = repetitions;
        Ordinal = ordinal;
    }

    /// <summary>The leaf as the file states it.</summary>
    public SchemaElement Element { get; }

    /// <summary>Of each group around it, the outermost first, and of the leaf itself: whether it may be missing, or repeats.</summary>
    public IReadOnlyList<FieldRepetitionType> Repetitions { get; }

    /// <summary>How many of the file's leaves are before it; <see cref="InNoFile"/> where it is not of the file.</summary>
    public int Ordinal { get; }

    /// <summary>Whether the values are bytes of one length, without that length before each.</summary>
    public bool IsFixedLength => Element.Type is PhysicalType.FIXED_LEN_BYTE_ARRAY or PhysicalType.INT96;

    /// <summary>A column of its own, not part of a list, struct or map.</summary>
    public bool IsFlat => Path.Length == 1 && MaxRepetitionLevel == 0;

    /// <param name="path">The names of the groups around it, and its own.</param>
    /// <param name="element">The leaf as the file states it.</param>
    /// <param name="repetitions">See <see cref="Repetitions"/>.</param>
    /// <param name="ordinal">See <see cref="Ordinal"/>.</param>
    public static PhysicalField Create(IReadOnlyList<string> path, SchemaElement element, IReadOnlyList<FieldRepetitionType> repetitions, int ordinal)
    {
        var field = new PhysicalField(element, repetitions, ordinal);
        Field outer = field;
        for (var i = path.Count - 2; i >= 0; i--)
        {
            outer = new StructField(path[i], outer);
        }
        // A field that no schema has is refused, and a schema sets the levels.
        _ = new ParquetSchema(outer);
        field.SetLevels(
            repetitions.Count(repetition => repetition == FieldRepetitionType.REPEATED),
            repetitions.Count(repetition => repetition != FieldRepetitionType.REQUIRED));
        return field;
    }

    /// <summary>A column of its own.</summary>
    public static PhysicalField Create(SchemaElement element, int ordinal) =>
        Create([element.Name], element, [element.RepetitionType ?? FieldRepetitionType.REQUIRED], ordinal);

    /// <summary>The same leaves as the columns of a schema without groups: what Parquet.Net writes values by.</summary>
    public static (ParquetSchema Schema, IReadOnlyList<PhysicalField> Fields) Flatten(IEnumerable<PhysicalField> leaves, IEnumerable<Field> others)
    {
        var fields = leaves.Select(leaf => (Leaf: leaf, Flat: new PhysicalField(leaf.Element, leaf.Repetitions, leaf.Ordinal))).ToArray();
        var schema = new ParquetSchema([.. fields.Where(field => !field.Leaf.IsFixedLength).Select(field => field.Flat), .. others]);
        foreach (var (leaf, flat) in fields)
        {
            flat.SetLevels(leaf.MaxRepetitionLevel, leaf.MaxDefinitionLevel);
        }

        return (schema, [.. fields.Select(field => field.Flat)]);
    }

    private void SetLevels(int repetitions, int definitions) => (MaxRepetitionLevel, MaxDefinitionLevel) = (repetitions, definitions);

    // The minimum and maximum that Parquet.Net writes follow the type it is given: unsigned stays unsigned.
    private static System.Type TypeOf(SchemaElement element)
    {
        var isUnsigned = Annotation.Of(element)?.INTEGER is { IsSigned: false, BitWidth: >= 32 };
        return element.Type switch
        {
            PhysicalType.BOOLEAN => typeof(bool),
            PhysicalType.INT32 => isUnsigned ? typeof(uint) : typeof(int),
            PhysicalType.INT64 => isUnsigned ? typeof(ulong) : typeof(long),
            PhysicalType.FLOAT => typeof(float),
            PhysicalType.DOUBLE => typeof(double),
            _ => typeof(byte[]),
        };
    }
}
