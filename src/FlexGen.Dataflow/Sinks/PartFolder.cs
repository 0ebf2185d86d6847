using FlexGen.Dataflow.Records;
using FlexGen.Dataflow.Sources;
using Parquet;
using Parquet.Schema;

namespace FlexGen.Dataflow.Sinks;

/// <summary>What earlier runs left in a sink's folder.</summary>
/// <param name="Covered">The positions whose records are there.</param>
/// <param name="NextNumber">The number of the next part file.</param>
/// <param name="Topics">What says of which topics the positions are.</param>
internal sealed record PartFolder(Coverage Covered, int NextNumber, PartTopics Topics)
{
    /// <summary>Reads the footers of the part files in a sink's folder.</summary>
    /// <exception cref="PipelineException">A file there is not one that this pipeline wrote from this source.</exception>
    public static async Task<PartFolder> ReadAsync(ParquetSinkLayout layout, CancellationToken cancellationToken)
    {
        var covered = new Coverage();
        var topics = new PartTopics();
        int next = 0;
        foreach (var path in PartName.Finished(layout.Folder))
        {
            var part = await ReadPartAsync(path, layout, cancellationToken);
            Check(part, path, layout);
            if (layout.IsOfTopics)
            {
                topics.Add(part.Sources, path);
            }
            if (covered.Add(part.Coverage()) is { } stream)
            {
                throw new PipelineException($"{path} repeats records of {stream} that an earlier part file in {layout.Folder} holds: remove one of them.");
            }
            next = Math.Max(next, PartName.NumberOf(Path.GetFileName(path)) + 1 ?? 0);
        }
        foreach (var stream in layout.Identities.Keys.Where(_ => layout.IsOfTopics))
        {
            topics.Check(stream, layout.Identities);
        }
        return new PartFolder(covered, next, topics);
    }

    private static async Task<PartMetadata> ReadPartAsync(string path, ParquetSinkLayout layout, CancellationToken cancellationToken)
    {
        try
        {
            await using var reader = await ParquetReader.CreateAsync(path, PhysicalTypes.ReadOptions(), cancellationToken);
            var metadata = PartMetadata.FromFooter(reader.CustomMetadata) ?? throw new PipelineException(
                $"{path} was not written by a pipeline: choose a folder for part files alone.");
            if (metadata.Fault(reader.RowGroups.Sum(group => group.RowCount), isExact: !layout.IsOfTopics) is { } fault)
            {
                throw new PipelineException($"{path} was not written by a pipeline, by what its footer says ({fault}): remove it to redo the records that it stands for.");
            }
            if (layout.Schema is { } schema && !Names(schema).SequenceEqual(Names(reader.Schema)))
            {
                throw new PipelineException(
                    $"{path} has the columns {string.Join(", ", Names(reader.Schema))}, but this pipeline writes "
                    + $"{string.Join(", ", Names(schema))}: choose another folder, or the columns as they were.");
            }
            return metadata;
        }
        catch (Exception e) when (e is not (PipelineException or OperationCanceledException))
        {
            throw new PipelineException($"cannot read the part file {path} that an earlier run should have left ({e.Message}): remove it to redo its records.", e);
        }
    }

    private static void Check(PartMetadata part, string path, ParquetSinkLayout layout)
    {
        if (part.Pipeline != layout.Pipeline)
        {
            throw new PipelineException($"{path} was written by the pipeline '{part.Pipeline}', this one is '{layout.Pipeline}': choose another folder.");
        }
        foreach (var (stream, identity) in part.Sources.Where(_ => !layout.IsOfTopics))
        {
            if (layout.Identities.TryGetValue(stream, out var now) && now != identity)
            {
                throw new PipelineException(
                    $"the source file {stream} has changed since {path} was written from it: it was {identity}, it is {now}. "
                    + "Restore it, or write to another folder.");
            }
        }
    }

    private static IEnumerable<string> Names(ParquetSchema schema) => schema.Fields.Select(field => field.Name);
}
