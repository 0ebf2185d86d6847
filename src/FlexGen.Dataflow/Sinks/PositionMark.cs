using System.Security.Cryptography;
using System.Text;
using FlexGen.Dataflow.Records;

namespace FlexGen.Dataflow.Sinks;

/// <summary>
/// A <see cref="ContentMark"/> in an offset, the one number that a consumer group keeps: 31 bits of the file's state, 0 where that proves
/// nothing, and 32 of its identity and pages. Earlier versions kept 63 bits of the identity.
/// </summary>
internal static class PositionMark
{
    private const int PagesBits = 32;

    public static long Of(string identity, ContentMark content) => (State(content.State) << PagesBits) | Pages(identity, content.Pages);

    public static bool HasIdentity(long mark, string identity) => mark == Hash(identity);

    public static bool HasState(long mark, string? state) => state is not null && mark >> PagesBits == State(state);

    public static bool HasPages(long mark, string identity, string pages) => (mark & uint.MaxValue) == Pages(identity, pages);

    /// <summary>A number of 63 bits.</summary>
    public static long Hash(string text) => BitConverter.ToInt64(SHA256.HashData(Encoding.UTF8.GetBytes(text))) & long.MaxValue;

    private static long State(string? state) => state is null ? 0 : Math.Max(1, Hash(state) >> PagesBits);

    private static long Pages(string identity, string pages) => Hash($"{identity} {pages}") & uint.MaxValue;
}
