using System.Text;
using System.Text.Json;
using Confluent.Kafka;

namespace FlexGen.Dataflow.Records;

/// <summary>Headers as text, for where they go into a column.</summary>
internal static class MessageHeaders
{
    /// <summary>A JSON array of <c>[name, value]</c>, in order; null where there is none.</summary>
    public static string? ToJson(Headers? headers) => headers is null || headers.Count == 0
        ? null
        : JsonSerializer.Serialize(headers.Select(h => new[] { h.Key, h.GetValueBytes() is { } value ? Encoding.UTF8.GetString(value) : null }));
}
