namespace FlexGen.Dataflow.Checks.Formats;

/// <summary>URIs of RFC 3986 and, with characters beyond ASCII, IRIs of RFC 3987.</summary>
internal static class UriFormats
{
    private const string SubDelimiters = "!$&'()*+,;=";

    /// <summary>One with a scheme.</summary>
    public static bool IsUri(string text, bool isInternational) =>
        SchemeLength(text) is > 0 and int length && IsReference(text, length + 1, isInternational);

    /// <summary>One with a scheme, or relative to another.</summary>
    public static bool IsReference(string text, bool isInternational)
    {
        if (SchemeLength(text) is > 0 and int length)
        {
            return IsReference(text, length + 1, isInternational);
        }
        // A colon in the first segment would be taken for a scheme's.
        var colon = text.IndexOf(':');
        return (colon < 0 || text.AsSpan(0, colon).IndexOfAny("/?#") >= 0) && IsReference(text, 0, isInternational);
    }

    private static int SchemeLength(string text)
    {
        var colon = text.IndexOf(':');
        var isScheme = colon > 0 && char.IsAsciiLetter(text[0]) && text[..colon].All(c => char.IsAsciiLetterOrDigit(c) || c is '+' or '-' or '.');
        return isScheme ? colon : 0;
    }

    private static bool IsReference(string text, int start, bool isInternational)
    {
        var rest = text[start..];
        var hash = rest.IndexOf('#');
        var fragment = hash < 0 ? "" : rest[(hash + 1)..];
        rest = hash < 0 ? rest : rest[..hash];
        var question = rest.IndexOf('?');
        var query = question < 0 ? "" : rest[(question + 1)..];
        rest = question < 0 ? rest : rest[..question];
        if (!Has(fragment, ":@/?", isInternational, isPrivate: false) || !Has(query, ":@/?", isInternational, isPrivate: true))
        {
            return false;
        }

        if (!rest.StartsWith("//", StringComparison.Ordinal))
        {
            return Has(rest, ":@/", isInternational, isPrivate: false);
        }

        var path = rest.IndexOf('/', 2);
        var authority = path < 0 ? rest[2..] : rest[2..path];
        return IsAuthority(authority, isInternational) && (path < 0 || Has(rest[path..], ":@/", isInternational, isPrivate: false));
    }

    private static bool IsAuthority(string text, bool isInternational)
    {
        var at = text.IndexOf('@');
        if (at >= 0 && !Has(text[..at], ":", isInternational, isPrivate: false))
        {
            return false;
        }

        var host = text[(at + 1)..];
        var bracket = host.LastIndexOf(']');
        var colon = host.IndexOf(':', bracket + 1);
        if (colon >= 0 && !host[(colon + 1)..].All(char.IsAsciiDigit))
        {
            return false;
        }

        host = colon < 0 ? host : host[..colon];
        return host is ['[', .. var literal, ']'] ? HostFormats.IsIpv6(literal) || IsFutureAddress(literal) : Has(host, "", isInternational, isPrivate: false);
    }

    // IPvFuture.
    private static bool IsFutureAddress(string text)
    {
        var dot = text.IndexOf('.');
        return dot > 1 && text[0] is 'v' or 'V' && text[1..dot].All(char.IsAsciiHexDigit) && dot + 1 < text.Length
            && text[(dot + 1)..].All(c => IsUnreserved(c) || SubDelimiters.Contains(c) || c == ':');
    }

    /// <summary>Whether a part has only characters of names, escapes and what it may have besides.</summary>
    private static bool Has(string text, string besides, bool isInternational, bool isPrivate)
    {
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (c == '%')
            {
                if (i + 2 >= text.Length || !char.IsAsciiHexDigit(text[i + 1]) || !char.IsAsciiHexDigit(text[i + 2]))
                {
                    return false;
                }

                i += 2;
            }
            else if (c > '~' && isInternational && char.ConvertToUtf32(text, i) is var point && IsBeyondAscii(point, isPrivate))
            {
                i += point > char.MaxValue ? 1 : 0;
            }
            else if (!IsUnreserved(c) && !SubDelimiters.Contains(c) && !besides.Contains(c))
            {
                return false;
            }
        }

        return true;
    }

    private static bool IsUnreserved(char c) => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '_' or '~';

    // ucschar and iprivate.
    private static bool IsBeyondAscii(int point, bool isPrivate) => point switch
    {
        >= 0xE000 and <= 0xF8FF or >= 0xF0000 => isPrivate && (point & 0xFFFE) != 0xFFFE,
        >= 0xE0000 and <= 0xE0FFF => false,
        _ => point >= 0xA0 && point is not (>= 0xFDD0 and <= 0xFDEF) and not (>= 0xFFF0 and <= 0xFFFF) && (point & 0xFFFE) != 0xFFFE,
    };
}
