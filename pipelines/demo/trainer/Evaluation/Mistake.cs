using System.Text.Json;
using FlexGen.Demo.Data;

namespace FlexGen.Demo.Evaluation;

/// <param name="Number">The record's place in its set, from 0.</param>
/// <param name="Kind">Which fields are wrong, or that it is no JSON.</param>
/// <param name="Record">The record.</param>
/// <param name="Output">What the model answered.</param>
internal sealed record Mistake(int Number, string Kind, DemoRecord Record, string Output)
{
    /// <summary>The fields in which an answer differs, such as "name, amount".</summary>
    public static string KindOf(string expected, string output)
    {
        try
        {
            var (right, found) = (Fields(expected), Fields(output));
            var wrong = right.Keys.Where(key => found.GetValueOrDefault(key) != right[key]).ToArray();
            return wrong.Length > 0 ? string.Join(", ", wrong) : "layout";
        }
        catch (JsonException)
        {
            return "not a JSON object";
        }
    }

    private static Dictionary<string, string> Fields(string json)
    {
        using var document = JsonDocument.Parse(json);
        return document.RootElement.ValueKind == JsonValueKind.Object
            ? document.RootElement.EnumerateObject().DistinctBy(p => p.Name).ToDictionary(p => p.Name, p => p.Value.GetRawText())
            : throw new JsonException();
    }
}
