using FlexGen.Dataflow.Records;
using FlexGen.Dataflow.Sources;
using Parquet;

namespace FlexGen.Dataflow.Sinks;

/// <summary>What earlier runs left in a sink's folder.</summary>
/// <param name="Covered">The positions whose records are there.</param>
/// <param name="NextNumber">The number of the next part file.</param>
internal sealed record PartFolder(Coverage Covered, int NextNumber)
{
    /// <summary>Reads the footers of the part files in <paramref name="folder"/>.</summary>
    /// <exception cref="PipelineException">A file there is not one that this pipeline wrote from this source.</exception>
    public static async Task<PartFolder> ReadAsync(
        string folder, string pipeline, IReadOnlyList<string>? names, IReadOnlyDictionary<string, string> identities, CancellationToken cancellationToken)
    {
        var covered = new Coverage();
        int next = 0;
        foreach (var path in PartName.Finished(folder))
        {
            var part = await ReadPartAsync(path, names, cancellationToken);
            Check(part, path, pipeline, identities);
            if (covered.Add(part.Coverage()) is { } stream)
            {
                throw new PipelineException($"{path} repeats records of {stream} that an earlier part file in {folder} holds: remove one of them.");
            }
            next = Math.Max(next, PartName.NumberOf(Path.GetFileName(path)) + 1 ?? 0);
        }
        return new PartFolder(covered, next);
    }

    private static async Task<PartMetadata> ReadPartAsync(string path, IReadOnlyList<string>? names, CancellationToken cancellationToken)
    {
        try
        {
            await using var reader = await ParquetReader.CreateAsync(path, cancellationToken: cancellationToken);
            var metadata = PartMetadata.FromFooter(reader.CustomMetadata) ?? throw new PipelineException(
                $"{path} was not written by a pipeline: choose a folder for part files alone.");
            var found = ParquetColumns.Columns(reader.Metadata!).Select(column => column.Name).ToArray();
            if (names is not null && !names.SequenceEqual(found))
            {
                throw new PipelineException(
                    $"{path} has the columns {string.Join(", ", found)}, but this pipeline writes "
                    + $"{string.Join(", ", names)}: choose another folder, or the columns as they were.");
            }
            return metadata;
        }
        catch (Exception e) when (e is not (PipelineException or OperationCanceledException))
        {
            throw new PipelineException($"cannot read the part file {path} that an earlier run should have left ({e.Message}): remove it to redo its records.", e);
        }
    }

    private static void Check(PartMetadata part, string path, string pipeline, IReadOnlyDictionary<string, string> identities)
    {
        if (part.Pipeline != pipeline)
        {
            throw new PipelineException($"{path} was written by the pipeline '{part.Pipeline}', this one is '{pipeline}': choose another folder.");
        }
        foreach (var (stream, identity) in part.Sources)
        {
            if (identities.TryGetValue(stream, out var now) && now != identity)
            {
                throw new PipelineException(
                    $"the source file {stream} has changed since {path} was written from it: it was {identity}, it is {now}. "
                    + "Restore it, or write to another folder.");
            }
        }
    }
}
