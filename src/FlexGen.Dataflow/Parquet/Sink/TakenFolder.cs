using FlexGen.Dataflow.Files;
using Microsoft.Extensions.Logging;

namespace FlexGen.Dataflow.Parquet.Sink;

/// <summary>A sink's folder that is this process's until it is disposed of.</summary>
internal sealed class TakenFolder : IDisposable
{
    private readonly FolderLock held;

    private TakenFolder(FolderLock held, PartFolder found)
    {
        this.held = held;
        Found = found;
    }

    /// <summary>What was there when it was taken.</summary>
    public PartFolder Found { get; }

    /// <summary>Takes the folder for this process, removes what a crash left there and reads what is there.</summary>
    /// <exception cref="PipelineException">The folder is in use, cannot be written to, or holds what this pipeline did not write.</exception>
    public static async Task<TakenFolder> TakeAsync(FileOperations files, ParquetSinkLayout layout, ILogger log, CancellationToken cancellationToken)
    {
        var held = FolderLock.Take(layout.Folder);
        try
        {
            foreach (var temporary in PartName.Temporaries(layout.Folder))
            {
                Log.TemporaryRemoved(log, temporary);
                files.Delete(temporary);
            }

            return new TakenFolder(held, await PartFolder.ReadAsync(layout, cancellationToken));
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    public void Dispose() => held.Dispose();
}
