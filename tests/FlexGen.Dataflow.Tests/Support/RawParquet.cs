using FlexGen.Dataflow.Columns;
using FlexGen.Dataflow.Parquet;
using FlexGen.Dataflow.Parquet.Sink;
using FlexGen.Dataflow.Records;
using Parquet;
using Parquet.Meta;
using PhysicalType = Parquet.Meta.Type;

namespace FlexGen.Dataflow.Tests.Support;

/// <summary>Writes Parquet files that other writers do not write any more, or never should have.</summary>
internal static class RawParquet
{
    /// <summary>Writes a column <c>id</c> from 0, and the columns that <paramref name="elements"/> state, depth first.</summary>
    /// <param name="path">The file.</param>
    /// <param name="rows">How many rows.</param>
    /// <param name="elements">The schema without its root and without <c>id</c>.</param>
    /// <param name="data">Gives a leaf its values.</param>
    /// <param name="change">Spoils the footer.</param>
    public static async Task WriteAsync(
        string path, int rows, SchemaElement[] elements, Func<PhysicalField, ColumnData> data, Action<FileMetaData>? change = null)
    {
        List<SchemaElement> stated =
            [new() { Name = "root" }, new() { Name = "id", Type = PhysicalType.INT64, RepetitionType = FieldRepetitionType.REQUIRED }, .. elements];
        stated[0].NumChildren = ParquetColumns.Columns(new FileMetaData { Schema = stated }).Count;
        var schema = ParquetColumns.Choose(new FileMetaData { Schema = stated }, new ColumnChoice(null, IsMissingTaken: false, []), path);
        var ids = new TypedColumnData<long>(schema.Leaves[0].Physical, [.. Enumerable.Range(0, rows).Select(i => (long)i)], null, null);
        var columns = new Rows([ids, .. schema.Leaves.Skip(1).Select(leaf => data(leaf.Physical))]);
        var (flat, fields) = PhysicalField.Flatten(schema.Leaves.Select(leaf => leaf.Physical), []);
        await using var file = File.Create(path);
        var writer = await ParquetWriter.CreateAsync(flat, file);
        var metadata = PartFile.MetadataOf(writer);
        using (var group = writer.CreateRowGroup())
        {
            var leaves = new PartRowGroup(group, metadata.RowGroups[0], file, fields);
            for (var leaf = 0; leaf < columns.Columns.Count; leaf++)
            {
                var column = columns.Columns[leaf];
                await column.WriteAsync(leaves, leaf, [.. Enumerable.Range(0, rows).Select(row => (column, row))], CancellationToken.None);
            }
        }

        metadata.Schema = stated;
        foreach (var (chunk, leaf) in metadata.RowGroups[0].Columns.Zip(schema.Leaves))
        {
            chunk.MetaData!.Type = leaf.Physical.Element.Type!.Value;
            chunk.MetaData.PathInSchema = leaf.Physical.Path.ToList();
        }

        change?.Invoke(metadata);
        await writer.DisposeAsync();
    }

    /// <summary>An optional leaf.</summary>
    public static SchemaElement Leaf(
        string name, PhysicalType type, LogicalType? logical = null, ConvertedType? converted = null, int? length = null, int? precision = null, int? scale = null) =>
        new()
        {
            Name = name,
            Type = type,
            RepetitionType = FieldRepetitionType.OPTIONAL,
            LogicalType = logical,
            ConvertedType = converted,
            TypeLength = length,
            Precision = precision,
            Scale = scale,
        };

    public static SchemaElement Group(string name, FieldRepetitionType repetition, int children, ConvertedType? converted = null) =>
        new() { Name = name, RepetitionType = repetition, NumChildren = children, ConvertedType = converted };

    /// <summary>Values of a leaf that is not nested; null for null.</summary>
    public static TypedColumnData<T> Flat<T>(PhysicalField field, params T?[] values)
        where T : struct =>
        new(field, [.. values.Where(value => value is not null).Select(value => value!.Value)], [.. values.Select(value => value is null ? 0 : field.MaxDefinitionLevel)], null);

    public static ReadOnlyMemory<byte>? Bytes(params byte[] bytes) => bytes;
}
