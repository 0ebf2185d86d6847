using FlexGen.Dataflow.Checks.Formats;
using FlexGen.Dataflow.Checks.Patterns;
using FlexGen.Schemas;

namespace FlexGen.Dataflow.Checks.Schema;

/// <summary>A format that texts can be held against.</summary>
/// <param name="Name">Its name in a schema.</param>
/// <param name="Holds">Whether a text is of it.</param>
internal sealed record StringFormat(string Name, Func<string, bool> Holds)
{
    private static readonly StringFormat[] known =
    [
        new("date", DateFormats.IsDate),
        new("date-time", DateFormats.IsDateTime),
        new("time", DateFormats.IsTime),
        new("duration", DateFormats.IsDuration),
        new("email", HostFormats.IsEmail),
        new("hostname", HostFormats.IsHostname),
        new("ipv4", HostFormats.IsIpv4),
        new("ipv6", HostFormats.IsIpv6),
        new("uri", text => UriFormats.IsUri(text, isInternational: false)),
        new("uri-reference", text => UriFormats.IsReference(text, isInternational: false)),
        new("iri", text => UriFormats.IsUri(text, isInternational: true)),
        new("iri-reference", text => UriFormats.IsReference(text, isInternational: true)),
        new("uuid", IdentifierFormats.IsUuid),
        new("json-pointer", IdentifierFormats.IsJsonPointer),
        new("regex", IsRegex),
    ];

    public static string KnownNames => string.Join(", ", known.Select(format => format.Name));

    public static StringFormat? Find(string name) => Array.Find(known, format => format.Name == name);

    private static bool IsRegex(string text)
    {
        try
        {
            EcmaPattern.Check(text);
            return true;
        }
        catch (PatternException)
        {
            return false;
        }
    }
}
