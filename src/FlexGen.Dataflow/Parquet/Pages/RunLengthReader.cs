namespace FlexGen.Dataflow.Parquet.Pages;

/// <summary>Reads small numbers stored as runs of one number and as groups of eight, packed into as few bits as the largest needs.</summary>
internal sealed class RunLengthReader(ByteReader bytes, int bits)
{
    private const int GroupValues = 8;

    private readonly uint mask = (uint)((1UL << bits) - 1);
    private readonly uint[] group = new uint[GroupValues];
    private readonly byte[] packed = new byte[bits];
    private int groupAt = GroupValues;
    private long groupsLeft;
    private long runLeft;
    private uint run;

    /// <param name="bytes">What holds them, from where the number of bits has been read.</param>
    public static RunLengthReader WithBits(ByteReader bytes) =>
        bytes.ReadByte() is <= 32 and var bits ? new RunLengthReader(bytes, bits) : throw new InvalidDataException("a page has numbers of more than 32 bits");

    public uint Next()
    {
        while (true)
        {
            if (runLeft > 0)
            {
                runLeft--;
                return run;
            }

            if (groupAt < GroupValues)
            {
                return group[groupAt++];
            }

            if (groupsLeft > 0)
            {
                groupsLeft--;
                Unpack();
                continue;
            }

            var header = bytes.ReadVarint();
            if ((header & 1) == 1)
            {
                groupsLeft = header >> 1;
            }
            else
            {
                runLeft = header >> 1;
                run = bytes.ReadNumber((bits + 7) / 8);
            }
        }
    }

    private void Unpack()
    {
        bytes.Read(packed);
        ulong pending = 0;
        var pendingBits = 0;
        var at = 0;
        for (var i = 0; i < GroupValues; i++)
        {
            for (; pendingBits < bits; pendingBits += 8)
            {
                pending |= (ulong)packed[at++] << pendingBits;
            }

            group[i] = (uint)pending & mask;
            pending >>= bits;
            pendingBits -= bits;
        }

        groupAt = 0;
    }
}
