using System.Text.Json;

namespace FlexGen.Engine.Checkpoints.Packed;

/// <summary>The keys of the object that says how a checkpoint is quantised; one that is null counts as missing.</summary>
/// <param name="section">The object.</param>
/// <param name="file">The name of its file.</param>
/// <param name="path">What its keys are called after in messages.</param>
internal sealed class QuantizationKeys(JsonElement section, string file, string path)
{
    public bool Has(string key) => Find(key) is not null;

    /// <summary>A string, in small letters.</summary>
    public string? Text(string key) => Find(key) switch
    {
        null => null,
        { ValueKind: JsonValueKind.String } value => value.GetString()!.ToLowerInvariant(),
        { } value => throw Wrong(key, value, "a string"),
    };

    public int? Integer(string key) => Find(key) switch
    {
        null => null,
        { ValueKind: JsonValueKind.Number } value when value.TryGetInt32(out var number) => number,
        { } value => throw Wrong(key, value, "an integer"),
    };

    public bool? Flag(string key) => Find(key) switch
    {
        null => null,
        { ValueKind: JsonValueKind.True } => true,
        { ValueKind: JsonValueKind.False } => false,
        { } value => throw Wrong(key, value, "true or false"),
    };

    public CheckpointException Refused(string key, string why) => new($"{file}: '{path}{key}' {why}");

    private CheckpointException Wrong(string key, JsonElement found, string expected) => Refused(key, $"is {found.GetRawText()}; {expected} is expected");

    private JsonElement? Find(string key) => section.TryGetProperty(key, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;
}
