using System.Text.Json;

namespace FlexGen.Schemas;

/// <summary>The formats of numbers that OpenAPI names: the least and the greatest number of each, null where there is none.</summary>
internal static class NumberFormats
{
    private static readonly Dictionary<string, (JsonNumber Least, JsonNumber Greatest)?> known = new()
    {
        ["int8"] = Between("-128", "127"),
        ["int16"] = Between("-32768", "32767"),
        ["int32"] = Between("-2147483648", "2147483647"),
        ["int64"] = Between("-9223372036854775808", "9223372036854775807"),
        ["uint8"] = Between("0", "255"),
        ["uint16"] = Between("0", "65535"),
        ["uint32"] = Between("0", "4294967295"),
        ["uint64"] = Between("0", "18446744073709551615"),
        ["float"] = null,
        ["double"] = null,
    };

    public static string Names => string.Join(", ", known.Keys);

    /// <summary>Whether it is one of them, which say nothing of other values.</summary>
    public static bool Has(string format) => known.ContainsKey(format);

    public static (JsonNumber Least, JsonNumber Greatest)? LimitsOf(string format) => known.GetValueOrDefault(format);

    private static (JsonNumber, JsonNumber) Between(string least, string greatest) =>
        (JsonNumber.Of(JsonElement.Parse(least)), JsonNumber.Of(JsonElement.Parse(greatest)));
}
