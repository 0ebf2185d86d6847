using System.Text.Json;

namespace FlexGen.Worker.Generation;

/// <summary>Variables of a chat template as keys and options give them: what is JSON is what JSON says, anything else is a text.</summary>
internal static class TemplateArguments
{
    // A key that comes twice says two things.
    private static readonly JsonDocumentOptions strict = new() { AllowDuplicateProperties = false };

    public static IReadOnlyDictionary<string, JsonElement> Read(IEnumerable<KeyValuePair<string, string>> arguments) =>
        arguments.ToDictionary(argument => argument.Key, argument => Value(argument.Value), StringComparer.Ordinal);

    private static JsonElement Value(string text)
    {
        try
        {
            return JsonElement.Parse(text, strict);
        }
        catch (JsonException)
        {
            return JsonSerializer.SerializeToElement(text);
        }
    }
}
