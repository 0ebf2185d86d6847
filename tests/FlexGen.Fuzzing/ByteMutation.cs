namespace FlexGen.Fuzzing;

/// <summary>Changes bytes, runs of bytes and numbers without knowing what they mean.</summary>
internal static class ByteMutation
{
    private static readonly long[] edges =
        [0, 1, -1, 7, 127, 128, 255, 256, short.MaxValue, ushort.MaxValue, int.MinValue, int.MaxValue, uint.MaxValue, long.MinValue, long.MaxValue];

    public static byte[] Of(byte[] seed, byte[] other, Random random) => Of(seed, other, random, 0, seed.Length);

    /// <summary>Changes bytes from <paramref name="start"/> on only, <paramref name="length"/> of them; the length may change with them.</summary>
    public static byte[] Of(byte[] seed, byte[] other, Random random, int start, int length)
    {
        List<byte> part = [.. seed.AsSpan(start, length)];
        for (var changes = 1 << random.Next(5); changes > 0; changes--)
        {
            Change(part, other, random);
        }

        return [.. seed.AsSpan(0, start), .. part, .. seed.AsSpan(start + length)];
    }

    private static void Change(List<byte> part, byte[] other, Random random)
    {
        var at = random.Next(part.Count + 1);
        var run = Math.Min(1 << random.Next(8), part.Count - at);
        switch (random.Next(8))
        {
            case 0 when run > 0:
                part[at] ^= (byte)(1 << random.Next(8));
                break;
            case 1 when run > 0:
                part[at] = (byte)random.Next(256);
                break;
            case 2:
                part.RemoveRange(at, run);
                break;
            case 3:
                part.InsertRange(at, part.GetRange(at, run));
                break;
            case 4 when other.Length > 0:
                var from = random.Next(other.Length);
                part.InsertRange(at, other.AsSpan(from, Math.Min(1 << random.Next(8), other.Length - from)));
                break;
            case 5 when run > 0:
                var number = BitConverter.GetBytes(edges[random.Next(edges.Length)]);
                for (var i = 0; i < Math.Min(1 << random.Next(4), part.Count - at); i++)
                {
                    part[at + i] = number[i];
                }

                break;
            case 6 when run > 0:
                part[at] += (byte)(random.Next(2) == 0 ? 1 : 255);
                break;
            case 7:
                part.InsertRange(at, Enumerable.Repeat((byte)random.Next(256), 1 << random.Next(12)));
                break;
        }
    }
}
