using FlexGen.Engine.Checkpoints;
using FlexGen.Engine.Models;
using FlexGen.Interop;

namespace FlexGen.Engine.Conversion;

/// <summary>Writes a model's checkpoint once more, with its linear layers' weights in 4 bits: the same bytes that loading it in 4 bits makes of it.</summary>
public static class CheckpointCompressor
{
    /// <summary>Bytes of tensors in a file: what a process that is stopped has to do again at most, unless one tensor has more.</summary>
    private const long ShardBytes = 1 << 30;

    /// <summary>Writes it. What an earlier call has finished stays; the result is the same to the byte.</summary>
    /// <param name="model">The model's folder.</param>
    /// <param name="output">The folder to write: none, an empty one, or one that an earlier call has written of the same model.</param>
    /// <param name="group">Elements of a row that share a scale: 32, 64 or 128.</param>
    /// <param name="progress">Told how many bytes of files are there, of how many; on the calling thread.</param>
    /// <param name="cancellation">Stops it; what is finished stays.</param>
    /// <exception cref="CheckpointException">The model cannot be read or is in 4 bits already, or the output folder holds something else.</exception>
    /// <exception cref="IOException">There is no room for it, or it cannot be written.</exception>
    public static CompressionSummary Run(
        string model, string output, int group, Action<long, long>? progress = null, CancellationToken cancellation = default) =>
        Run(model, output, group, ShardBytes, progress, cancellation);

    internal static CompressionSummary Run(
        string model, string output, int group, long shardBytes, Action<long, long>? progress, CancellationToken cancellation)
    {
        using var checkpoint = Checkpoint.Open(model);
        if (checkpoint.Quantization is { } quantization)
        {
            throw new CheckpointException(
                $"{model}: is in 4 bits already ({quantization.Name}), and runs as it is; compress the model's float16 or bfloat16 checkpoint");
        }

        var plan = new CompressionPlan(checkpoint, ModelFamily.Create(checkpoint), group, shardBytes);
        var others = plan.Others().ToList();
        var total = plan.Shards.Sum(s => s.Bytes);
        using var folder = OutputFolder.Take(output, plan.Shards.Select(s => s.Name).Concat(others.Select(o => o.Name)).ToHashSet(StringComparer.Ordinal));
        var done = 0L;
        using var files = new ShardFiles(folder, bytes => progress?.Invoke(done += bytes, total), cancellation);
        var missing = plan.Shards.Where(s => !files.IsThere(s)).ToList();
        done = total - missing.Sum(s => s.Bytes);
        progress?.Invoke(done, total);
        RequireRoom(output, missing.Sum(s => s.Bytes));
        foreach (var shard in missing)
        {
            files.Write(shard);
            progress?.Invoke(done += shard.Header.Length, total);
        }

        checkpoint.RequireUnchanged();
        others.ForEach(o => folder.Keep(o.Name, o.Content));
        return new(plan.Packs, plan.StoredBytes, total, plan.Shards.Count, plan.Shards.Count - missing.Count);
    }

    private static void RequireRoom(string output, long bytes)
    {
        const double GiB = 1 << 30;
        if (bytes > 0 && DirectFile.FreeBytes(output) is var free && free < bytes)
        {
            throw new IOException(
                $"{output}: {bytes / GiB:0.00} GiB are still to be written there, and {free / GiB:0.00} GiB are free; free some space or name another folder");
        }
    }
}
