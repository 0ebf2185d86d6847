using FlexGen.Dataflow.Records;
using Parquet;
using Parquet.Meta;
using Parquet.Schema;

namespace FlexGen.Dataflow.Sources;

/// <summary>Chooses the columns of a file and makes sure that they can be carried through.</summary>
internal static class ParquetColumns
{
    /// <exception cref="PipelineException">A chosen column is missing, or cannot be written as it is read.</exception>
    public static RowSchema Choose(ParquetReader reader, ColumnChoice choice, string path)
    {
        var types = ColumnTypes.Of(reader.Metadata!.Schema).ToDictionary();
        var annotations = PhysicalTypes.LostAnnotations(reader);
        foreach (var element in reader.Metadata.Schema.Where(element => choice.Nullable?.Contains(element.Name) == true))
        {
            element.RepetitionType = FieldRepetitionType.OPTIONAL;
        }
        var (logical, physical) = PhysicalTypes.Schemas(reader);
        var partitions = choice.Partitions.Where(partition => choice.Names?.Contains(partition.Name) != false).ToDictionary(partition => partition.Name);
        CheckClash(logical, partitions.Keys, choice, path);
        var all = logical.Fields.Concat(partitions.Values.Select(partition => partition.Field)).ToArray();
        var fields = choice.Names is null ? all : [.. choice.Names.Select(name => Find(all, name, choice.IsMissingTaken, path)).OfType<Field>()];
        if (fields.FirstOrDefault(field => annotations.ContainsKey(field.Name)) is { } lost)
        {
            throw NotCarried(lost, path, annotations[lost.Name]);
        }
        var physicalByPath = physical.DataFields.ToDictionary(field => field.Path.ToString());
        var leaves = new List<Leaf>();
        foreach (var field in fields)
        {
            if (partitions.TryGetValue(field.Name, out var partition))
            {
                leaves.Add(partition.Leaf);
                types[field.Name] = partition.Type;
                continue;
            }
            // A schema of one column, to get at the column's leaves.
            var ofField = new ParquetSchema(field).DataFields;
            leaves.AddRange(ofField.Select(leaf => new Leaf(field.Name, leaf, physicalByPath[leaf.Path.ToString()])));
        }
        return new RowSchema(fields, leaves) { Types = types };
    }

    /// <summary>Writes and reads back an empty file of the columns, and compares.</summary>
    /// <exception cref="PipelineException">A column comes back as something else.</exception>
    public static async Task CheckRoundTripAsync(RowSchema schema, string path)
    {
        foreach (var field in schema.Fields)
        {
            var leaves = schema.Leaves.Where(leaf => leaf.Column == field.Name).ToArray();
            if (!leaves.All(leaf => PhysicalTypes.CanRead(leaf.Physical)) || !await ComesBackAsync(field, leaves))
            {
                throw NotCarried(field, path, Describe(leaves));
            }
        }
    }

    public static string Describe(IEnumerable<Leaf> leaves) =>
        string.Join(", ", leaves.Select(leaf =>
            $"{leaf.Logical.Path} {leaf.Logical.GetType().Name} {leaf.Logical.ClrType.Name}, stored as {leaf.Physical.ClrType.Name}, "
            + $"levels {leaf.Physical.MaxRepetitionLevel}/{leaf.Physical.MaxDefinitionLevel}"));

    private static async Task<bool> ComesBackAsync(Field field, IReadOnlyList<Leaf> leaves)
    {
        try
        {
            using var file = new MemoryStream();
            var writer = await ParquetWriter.CreateAsync(new ParquetSchema(field), file);
            await writer.DisposeAsync();
            await using var reader = await ParquetReader.CreateAsync(file, PhysicalTypes.ReadOptions());
            var (logical, physical) = PhysicalTypes.Schemas(reader);
            return leaves.Select(leaf => Signature(leaf.Logical)).SequenceEqual(logical.DataFields.Select(Signature))
                && leaves.Select(leaf => Signature(leaf.Physical)).SequenceEqual(physical.DataFields.Select(Signature));
        }
        catch (Exception e) when (e is NotSupportedException or InvalidOperationException or ArgumentException or ParquetException)
        {
            return false;
        }
    }

    private static PipelineException NotCarried(Field field, string path, string type) =>
        new($"column '{field.Name}' of {path} is of a type that Parquet.Net cannot carry through unchanged ({type}): leave it out with source.parquet.columns.");

    private static (System.Type, bool, int, int) Signature(DataField field) =>
        (field.ClrType, field.IsNullable, field.MaxRepetitionLevel, field.MaxDefinitionLevel);

    // Readers of Parquet take names that differ in case for one.
    private static void CheckClash(ParquetSchema schema, IEnumerable<string> partitions, ColumnChoice choice, string path)
    {
        var names = schema.Fields.Select(field => field.Name).Where(name => choice.Names?.Contains(name) != false);
        if (names.Intersect(partitions, StringComparer.OrdinalIgnoreCase).FirstOrDefault() is { } name)
        {
            throw new PipelineException(
                $"column '{name}' is in {path} and in the name of a folder above it, too: name other columns in source.parquet.columns, or rename the folder.");
        }
    }

    private static Field? Find(IReadOnlyList<Field> fields, string name, bool isMissingTaken, string path)
    {
        var names = fields.Select(field => field.Name).ToArray();
        return fields.FirstOrDefault(field => field.Name == name)
            ?? (isMissingTaken ? null : throw new PipelineException(
                $"source.parquet.columns: {path} has no column '{name}'{NearestName.Hint(name, names)} It has: {string.Join(", ", names)}."));
    }
}
