using FlexGen.Dataflow.Parquet.Pages;
using Snappy = Snappier.Snappy;

namespace FlexGen.Dataflow.Tests.Parquet.Pages;

public sealed class SnappyStreamTests
{
    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 1)]
    [InlineData(1_000_000, 1)]
    [InlineData(1_000_000, 7)]
    [InlineData(1_000_000, 256)]
    public void Gives_back_what_was_compressed_whatever_its_length(int length, int kinds)
    {
        var random = new Random(5);
        var bytes = new byte[length];
        for (var at = 0; at < length;)
        {
            // Runs, which copies make of themselves, and what cannot be compressed.
            var count = Math.Min(length - at, random.Next(1, 100_000));
            var part = bytes.AsSpan(at, count);
            if (random.Next(2) == 0)
            {
                part.Fill((byte)random.Next(kinds));
            }
            else
            {
                random.NextBytes(part);
                foreach (ref var value in part)
                {
                    value = (byte)(value % kinds);
                }
            }

            at += count;
        }

        Assert.Equal(bytes, Decompressed(Snappy.CompressToArray(bytes)));
    }

    [Fact]
    public void A_copy_of_what_is_not_there_is_damage()
    {
        byte[] copiesFromBefore = [8, 0, (byte)'a', (6 << 2) | 2, 2, 0];
        Assert.Contains("refers to 2 bytes before its byte 1", Assert.Throws<InvalidDataException>(() => Decompressed(copiesFromBefore)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void More_than_the_length_says_is_damage()
    {
        byte[] tooLong = [2, 3 << 2, 1, 2, 3, 4];
        Assert.Throws<InvalidDataException>(() => Decompressed(tooLong));
    }

    [Fact]
    public void Less_than_the_length_says_is_damage()
    {
        byte[] tooShort = [9, 3 << 2, 1, 2, 3, 4];
        Assert.Throws<EndOfStreamException>(() => Decompressed(tooShort));
    }

    private static byte[] Decompressed(byte[] compressed)
    {
        using var stream = new SnappyStream(new ByteReader(new MemoryStream(compressed)));
        using var bytes = new MemoryStream();
        stream.CopyTo(bytes, 1_021);
        return bytes.ToArray();
    }
}
