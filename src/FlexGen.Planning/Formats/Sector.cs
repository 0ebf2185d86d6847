namespace FlexGen.Planning.Formats;

/// <summary>What direct input and output counts in: what lies on disk, or is read from there, begins with a sector and has whole ones.</summary>
public static class Sector
{
    public const int Bytes = 4096;

    /// <summary>Rounds a size up to whole sectors.</summary>
    public static long Align(long bytes) => (bytes + Bytes - 1) / Bytes * Bytes;
}
