using System.Text;
using System.Text.Json;
using Confluent.Kafka;

namespace FlexGen.Dataflow.Records;

/// <summary>The headers of messages.</summary>
internal static class MessageHeaders
{
    private const string Prefix = "flexgen.";
    private const string UpstreamPrefix = "flexgen.upstream.";

    /// <summary>The headers of a message that was read. Those that look like the pipeline's own are named as another's, who may be anyone.</summary>
    public static Headers? OfOthers(Headers? headers)
    {
        if (headers?.Any(IsForeign) != true)
        {
            return headers;
        }

        var renamed = new Headers();
        foreach (var header in headers)
        {
            renamed.Add(IsForeign(header) ? UpstreamPrefix + header.Key[Prefix.Length..] : header.Key, header.GetValueBytes());
        }

        return renamed;
    }

    /// <summary>A JSON array of <c>[name, value]</c>, in order; null where there is none.</summary>
    public static string? ToJson(Headers? headers) => headers is null || headers.Count == 0
        ? null
        : JsonSerializer.Serialize(headers.Select(h => new[] { h.Key, h.GetValueBytes() is { } value ? Encoding.UTF8.GetString(value) : null }));

    private static bool IsForeign(IHeader header) =>
        header.Key.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase) && !header.Key.StartsWith(UpstreamPrefix, StringComparison.OrdinalIgnoreCase);
}
