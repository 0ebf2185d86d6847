using System.Globalization;
using System.Numerics;
using System.Text.Json;

namespace FlexGen.Tokenizers.Chat.Values;

/// <summary>JSON as the values that Python reads from it.</summary>
internal static class JsonValues
{
    /// <param name="json">The value.</param>
    /// <param name="isWritten">Whether its texts count as written by the template.</param>
    /// <exception cref="TemplateFailure">A text holds half of a surrogate pair.</exception>
    public static object Read(JsonElement json, bool isWritten) => json.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.String => Text.Of(String(json), isWritten),
        JsonValueKind.Number => Number(json.GetRawText(), isWritten),
        JsonValueKind.Array => new ListValue([.. json.EnumerateArray().Select(item => Read(item, isWritten))]),
        JsonValueKind.Object => new DictValue(json.EnumerateObject().Select(
            member => KeyValuePair.Create<object, object>(Text.Of(Name(member), isWritten), Read(member.Value, isWritten)))),
        _ => None.Value,
    };

    private static string String(JsonElement json)
    {
        try
        {
            return json.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw HalfCharacter();
        }
    }

    private static string Name(JsonProperty member)
    {
        try
        {
            return member.Name;
        }
        catch (InvalidOperationException)
        {
            throw HalfCharacter();
        }
    }

    private static TemplateFailure HalfCharacter() => new("a text of it holds half of a surrogate pair (\\ud800 to \\udfff), which is no text");

    private static Number Number(string digits, bool isWritten) => digits.AsSpan().IndexOfAny(".eE") < 0
        ? Values.Number.Of(BigInteger.Parse(digits, CultureInfo.InvariantCulture), isWritten)
        : Values.Number.OfReal(double.Parse(digits, CultureInfo.InvariantCulture), isWritten);
}
