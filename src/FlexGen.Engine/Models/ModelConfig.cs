using System.Text.Json;

namespace FlexGen.Engine.Models;

/// <summary>
/// Reads config.json, or an object within it, key by key. A key that is null counts as missing. Every wrong value is a
/// <see cref="CheckpointException"/> that names the key, what was found and what was expected.
/// </summary>
/// <param name="json">The object.</param>
/// <param name="path">What its keys are called after in messages, such as "rope_scaling.".</param>
internal sealed class ModelConfig(JsonElement json, string path = "")
{
    private const string CountExpected = "an integer above 0, at most 2147483647,";
    private readonly Dictionary<string, bool> flags = new(StringComparer.Ordinal);

    /// <summary>The flags that were read so far, with what they are.</summary>
    public IReadOnlyDictionary<string, bool> Flags => flags;

    /// <summary>A flag that counts as its opposite.</summary>
    public string? Flipped { get; init; }

    /// <summary>An integer above 0 that must be there.</summary>
    public int Count(string key) => OptionalCount(key) ?? throw Missing(key, CountExpected);

    /// <summary>An integer above 0, if it is there.</summary>
    public int? OptionalCount(string key) => Find(key) switch
    {
        null => null,
        { ValueKind: JsonValueKind.Number } value when value.TryGetInt32(out var count) && count > 0 => count,
        { } value => throw Wrong(key, value, CountExpected),
    };

    /// <summary>An integer, 0 or above.</summary>
    public int Index(string key, int otherwise) => Find(key) switch
    {
        null => otherwise,
        { ValueKind: JsonValueKind.Number } value when value.TryGetInt32(out var index) && index >= 0 => index,
        { } value => throw Wrong(key, value, "an integer from 0 to 2147483647"),
    };

    /// <summary>A finite number above 0; it must be there if nothing else is given.</summary>
    public double Number(string key, double? otherwise = null) => Find(key) switch
    {
        null => otherwise ?? throw Missing(key, "a number above 0"),
        { ValueKind: JsonValueKind.Number } value when double.IsFinite(value.GetDouble()) && value.GetDouble() > 0 => value.GetDouble(),
        { } value => throw Wrong(key, value, "a number above 0"),
    };

    /// <summary>True or false.</summary>
    public bool Flag(string key, bool otherwise) => (flags[key] = Find(key) switch
    {
        null => otherwise,
        { ValueKind: JsonValueKind.True } => true,
        { ValueKind: JsonValueKind.False } => false,
        { } value => throw Wrong(key, value, "true or false"),
    }) != (key == Flipped);

    /// <summary>A string.</summary>
    public string Text(string key, string otherwise) => Find(key) switch
    {
        null => otherwise,
        { ValueKind: JsonValueKind.String } value => value.GetString()!,
        { } value => throw Wrong(key, value, "a string"),
    };

    /// <summary>A list of strings; empty if it is not there.</summary>
    public IReadOnlyList<string> Texts(string key) => Find(key) switch
    {
        null => [],
        { ValueKind: JsonValueKind.Array } value when value.EnumerateArray().All(v => v.ValueKind == JsonValueKind.String) =>
            [.. value.EnumerateArray().Select(v => v.GetString()!)],
        { } value => throw Wrong(key, value, "a list of strings"),
    };

    /// <summary>An object, if it is there.</summary>
    public ModelConfig? Section(string key) => Find(key) switch
    {
        null => null,
        { ValueKind: JsonValueKind.Object } value => new(value, $"{path}{key}."),
        { } value => throw Wrong(key, value, "an object"),
    };

    /// <summary>Whether the key is there, if only as null.</summary>
    public bool Declares(string key) => json.TryGetProperty(key, out _);

    /// <summary>Whether the key is there, and not null.</summary>
    public bool Has(string key) => Find(key) is not null;

    /// <summary>Whether the key holds an object.</summary>
    public bool HasObject(string key) => Find(key) is { ValueKind: JsonValueKind.Object };

    /// <summary>The keys that are not null.</summary>
    public IEnumerable<string> Keys => json.EnumerateObject().Where(m => m.Value.ValueKind != JsonValueKind.Null).Select(m => m.Name);

    /// <summary>An error about a key whose value is well formed.</summary>
    public CheckpointException Refused(string key, string why) => new($"config.json: '{path}{key}' {why}");

    private JsonElement? Find(string key) =>
        json.TryGetProperty(key, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private CheckpointException Missing(string key, string expected) => Refused(key, $"is missing; {expected} is expected");

    private CheckpointException Wrong(string key, JsonElement found, string expected) => Refused(key, $"is {found.GetRawText()}; {expected} is expected");
}
