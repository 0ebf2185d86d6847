using System.Security.Cryptography;
using System.Text;

namespace FlexGen.Dataflow.Kafka.Sink;

/// <summary>
/// What tells whether the rows before a position are still those that were read, in an offset, the one number that a consumer group keeps:
/// 31 bits of the file's state, 0 where that proves nothing, and 32 of its pages. Earlier versions kept 63 bits of the identity.
/// </summary>
internal static class PositionMark
{
    private const int PagesBits = 32;

    public static long Of(string? state, uint pages) => (State(state) << PagesBits) | pages;

    public static uint Pages(long mark) => (uint)mark;

    public static bool HasIdentity(long mark, string identity) => mark == Hash(identity);

    public static bool HasState(long mark, string? state) => state is not null && mark >> PagesBits == State(state);

    /// <summary>A number of 63 bits.</summary>
    public static long Hash(string text) => BitConverter.ToInt64(SHA256.HashData(Encoding.UTF8.GetBytes(text))) & long.MaxValue;

    private static long State(string? state) => state is null ? 0 : Math.Max(1, Hash(state) >> PagesBits);
}
