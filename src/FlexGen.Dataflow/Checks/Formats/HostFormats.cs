using System.Globalization;

namespace FlexGen.Dataflow.Checks.Formats;

/// <summary>Names and addresses of hosts, and of mailboxes there.</summary>
internal static class HostFormats
{
    private const int MaxLabel = 63;
    private const int MaxHostname = 253;
    private const int MaxLocalPart = 64;

    /// <summary>RFC 1123: labels of letters, digits and hyphens.</summary>
    public static bool IsHostname(string text)
    {
        if (text.Length is 0 or > MaxHostname)
        {
            return false;
        }

        foreach (var label in text.Split('.'))
        {
            var isLabel = label.Length is > 0 and <= MaxLabel && label[0] != '-' && label[^1] != '-'
                && label.All(c => char.IsAsciiLetterOrDigit(c) || c == '-');
            if (!isLabel)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>RFC 2673: four decimal numbers, without zeros ahead of them, for which some readers take octal ones.</summary>
    public static bool IsIpv4(string text)
    {
        var numbers = text.Split('.', 5);
        return numbers.Length == 4 && numbers.All(number =>
            number.Length is >= 1 and <= 3 && number.All(char.IsAsciiDigit) && (number.Length == 1 || number[0] != '0')
            && int.Parse(number, CultureInfo.InvariantCulture) <= 255);
    }

    /// <summary>RFC 4291, without a zone.</summary>
    public static bool IsIpv6(string text)
    {
        if (text.Length > 45)
        {
            return false;
        }

        var gap = text.IndexOf("::", StringComparison.Ordinal);
        if (gap < 0)
        {
            return Groups(text, mayEndInIpv4: true) == 8;
        }

        var before = gap == 0 ? 0 : Groups(text[..gap], mayEndInIpv4: false);
        var after = gap + 2 == text.Length ? 0 : Groups(text[(gap + 2)..], mayEndInIpv4: true);
        return before >= 0 && after >= 0 && before + after <= 7;
    }

    /// <summary>A mailbox of RFC 5321.</summary>
    public static bool IsEmail(string text)
    {
        var at = text.LastIndexOf('@');
        return at > 0 && at <= MaxLocalPart && IsLocalPart(text[..at]) && IsMailDomain(text[(at + 1)..]);
    }

    // How many groups of 16 bits; -1 where one is none.
    private static int Groups(string text, bool mayEndInIpv4)
    {
        var groups = text.Split(':');
        var count = groups.Length;
        if (mayEndInIpv4 && groups[^1].Contains('.'))
        {
            if (!IsIpv4(groups[^1]))
            {
                return -1;
            }

            groups = groups[..^1];
            count++;
        }

        return groups.All(group => group.Length is >= 1 and <= 4 && group.All(char.IsAsciiHexDigit)) ? count : -1;
    }

    private static bool IsLocalPart(string text)
    {
        if (text[0] == '"')
        {
            return text.Length >= 2 && text[^1] == '"' && IsQuoted(text[1..^1]);
        }

        return text.Split('.').All(atom => atom.Length > 0 && atom.All(c => char.IsAsciiLetterOrDigit(c) || "!#$%&'*+-/=?^_`{|}~".Contains(c)));
    }

    private static bool IsQuoted(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            var isEscape = text[i] == '\\';
            i += isEscape ? 1 : 0;
            if (i == text.Length || text[i] is < ' ' or > '~' || (text[i] == '"' && !isEscape))
            {
                return false;
            }
        }

        return true;
    }

    private static bool IsMailDomain(string text)
    {
        const string Ipv6 = "IPv6:";
        if (text is not ['[', .. var literal, ']'])
        {
            return IsHostname(text);
        }

        return literal.StartsWith(Ipv6, StringComparison.OrdinalIgnoreCase) ? IsIpv6(literal[Ipv6.Length..]) : IsIpv4(literal);
    }
}
