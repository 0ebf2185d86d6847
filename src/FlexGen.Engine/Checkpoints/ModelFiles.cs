using FlexGen.Interop;

namespace FlexGen.Engine.Checkpoints;

/// <summary>
/// The files of a model folder as they are at one time. What is read of them is of one state of the folder when they are still the same
/// after it has been read; what happens to them later does not matter to one who has copied.
/// </summary>
public sealed class ModelFiles
{
    /// <summary>A file's times are those of a clock that ticks every 10 ms or less: within that a second write would not show.</summary>
    private static readonly TimeSpan tick = TimeSpan.FromMilliseconds(20);

    private static readonly string[] kinds = [".json", ".safetensors", ".model", ".txt"];
    private readonly string folder;
    private readonly Dictionary<string, FileIdentity> files;

    private ModelFiles(string folder, Dictionary<string, FileIdentity> files) => (this.folder, this.files) = (folder, files);

    /// <summary>The files of a folder now: none where there is no such folder.</summary>
    public static ModelFiles In(string folder)
    {
        var files = Look(folder);
        var now = (long)(DateTime.UtcNow - DateTime.UnixEpoch).TotalNanoseconds;
        if (files.Values.Any(f => Math.Abs(now - f.Changed) < tick.TotalNanoseconds))
        {
            Thread.Sleep(tick);
            files = Look(folder);
        }

        return new(folder, files);
    }

    /// <exception cref="CheckpointException">One of the files has been changed, replaced or removed since.</exception>
    public void RequireUnchanged()
    {
        var now = Look(folder);
        if (files.FirstOrDefault(f => !now.TryGetValue(f.Key, out var found) || found != f.Value).Key is { } changed)
        {
            throw new CheckpointException(
                $"{Path.Combine(folder, changed)}: it was {(now.ContainsKey(changed) ? "changed or replaced" : "removed")} while the model was being loaded, "
                + "and what was read of the folder may be of two models; start again when the folder is complete");
        }
    }

    private static Dictionary<string, FileIdentity> Look(string folder)
    {
        var files = new Dictionary<string, FileIdentity>();
        foreach (var path in Directory.Exists(folder) ? Directory.GetFiles(folder) : [])
        {
            if (kinds.Contains(Path.GetExtension(path)) && File.Exists(path))
            {
                files.Add(Path.GetFileName(path), FileIdentity.Of(path));
            }
        }

        return files;
    }
}
