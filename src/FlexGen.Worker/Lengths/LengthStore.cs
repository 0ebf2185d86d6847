using System.Security.Cryptography;
using System.Text.Json;
using FlexGen.Files;
using FlexGen.Planning.Cost;
using FlexGen.Worker.Profiling;

namespace FlexGen.Worker.Lengths;

/// <summary>Lengths that earlier runs had, a file for each <see cref="LengthKey"/>.</summary>
/// <param name="folder">Where the files are; made where it is not there.</param>
internal sealed class LengthStore(string folder)
{
    private const int MostBytes = 1 << 16;
    private static readonly JsonSerializerOptions json = new(JsonSerializerDefaults.Web)
    {
        UnmappedMemberHandling = System.Text.Json.Serialization.JsonUnmappedMemberHandling.Disallow,
        RespectRequiredConstructorParameters = true,
        RespectNullableAnnotations = true,
    };

    /// <summary>The user's, beside the profiles.</summary>
    public static LengthStore OfUser() => new(UserCache.Folder(Environment.GetEnvironmentVariable));

    /// <summary>What runs with the same key had; none: there were none.</summary>
    public Found Load(LengthKey key)
    {
        var path = FileOf(key);
        try
        {
            var content = JsonSerializer.Deserialize<Content>(RegularFile.ReadAll(path, MostBytes), json) ?? throw new JsonException("it holds null");
            return content.Of != key ? Ignored("it is of another pipeline, model or options")
                : content.Lengths.Count > LengthSample.Room || content.Lengths.Any(l => l is not [> 0, > 0])
                    ? Ignored("its lengths are none that a run can have")
                : new([.. content.Lengths.Select(l => new SequenceLengths(l[0], l[1]))]);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return new([]);
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            return Ignored(e.Message);
        }

        Found Ignored(string reason) => new(
            [], $"{path} does not hold the lengths of earlier runs and is ignored: {reason.TrimEnd('.')}. Outputs are planned at their longest.");
    }

    /// <summary>Keeps them: all of them are in the file, or what was there before. Why they could not be; null: they were.</summary>
    public string? Save(LengthKey key, IReadOnlyList<SequenceLengths> lengths) =>
        UserCache.Write(FileOf(key), JsonSerializer.Serialize(new Content(key, [.. lengths.Select(l => new[] { l.Prompt, l.Output })]), json));

    /// <summary>The file of a key.</summary>
    public string FileOf(LengthKey key) =>
        Path.Combine(folder, $"lengths-{Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(key)))[..16]}.json");

    /// <param name="Lengths">Some of them.</param>
    /// <param name="Warning">What is there that cannot be used, as a sentence; null: nothing.</param>
    public sealed record Found(IReadOnlyList<SequenceLengths> Lengths, string? Warning = null);

    /// <param name="Of">What they are of.</param>
    /// <param name="Lengths">Tokens of a prompt, and of what was generated.</param>
    private sealed record Content(LengthKey Of, IReadOnlyList<int[]> Lengths);
}
