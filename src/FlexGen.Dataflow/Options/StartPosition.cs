using System.Globalization;

namespace FlexGen.Dataflow;

/// <summary>Where a group begins that never read: at what the partitions still hold, at their ends, at an offset or at a time.</summary>
internal sealed record StartPosition
{
    public const string Expected = "earliest, latest, an offset, or a time in ISO 8601 such as 2026-01-31, 2026-01-31T09:30:00Z or "
        + "2026-01-31T09:30:00.250+01:00";

    // A time without a zone is UTC. Other notations say different things to different readers: 01/02/2026 is two days.
    private static readonly string[] times = ["yyyy-MM-dd", "yyyy-MM-dd'T'HH:mmK", "yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK"];

    private StartPosition()
    {
    }

    public bool IsLatest { get; private init; }

    public long? Offset { get; private init; }

    /// <summary>Milliseconds since 1970, 0 or more.</summary>
    public long? Time { get; private init; }

    /// <summary>Null where the text is none of what is expected.</summary>
    public static StartPosition? Parse(string text)
    {
        if (text is "earliest" or "latest")
        {
            return new StartPosition { IsLatest = text == "latest" };
        }

        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var offset))
        {
            return new StartPosition { Offset = offset };
        }
        // Brokers take -1 and -2 for the end and the beginning.
        return DateTimeOffset.TryParseExact(text, times, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            ? new StartPosition { Time = Math.Max(0, time.ToUnixTimeMilliseconds()) }
            : null;
    }
}
