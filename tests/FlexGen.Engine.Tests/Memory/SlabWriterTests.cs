using FlexGen.Engine.Memory;
using FlexGen.Interop;

namespace FlexGen.Engine.Tests.Memory;

public sealed unsafe class SlabWriterTests
{
    private const int Offset = 8192;

    /// <summary>Rows of odd sizes, of a sector, and of more than a gap; near each other and far; some windows filled and some not.</summary>
    [Theory]
    [InlineData(100, 1)]
    [InlineData(3072, 1)]
    [InlineData(4096, 1)]
    [InlineData(5120, 3)]
    [InlineData(70_000, 1)]
    [InlineData(4096, 40)]
    public void Rows_go_to_their_places_and_nothing_else_changes(int rowBytes, int distance)
    {
        var random = new Random(rowBytes + distance);
        var slots = 3 * DirectFile.Align(1 << 20) / rowBytes;
        var slab = DirectFile.Align(slots * rowBytes);
        using var file = new DirectFile(Path.GetTempPath(), Offset + slab);
        using var memory = new HostMemory(slab, pinned: false);
        using var writer = new SlabWriter(8 << 20);
        random.NextBytes(Bytes(memory));
        var expected = Bytes(memory).ToArray();
        file.Write(Offset, memory.Address, slab);
        for (var round = 0; round < 3; round++)
        {
            var places = Enumerable.Range(0, (int)(slots / distance)).Select(n => (long)n * distance).Where(_ => round > 0 || random.Next(4) > 0).ToArray();
            random.Shuffle(places);
            var rows = new byte[places.Length * rowBytes];
            random.NextBytes(rows);
            fixed (byte* from = rows)
            {
                writer.Write(file, Offset, (IntPtr)from, places, rowBytes);
            }

            for (var n = 0; n < places.Length; n++)
            {
                rows.AsSpan(n * rowBytes, rowBytes).CopyTo(expected.AsSpan((int)(places[n] * rowBytes)));
            }

            file.Read(Offset, memory.Address, slab);
            Assert.True(Bytes(memory).SequenceEqual(expected));
        }
    }

    private static Span<byte> Bytes(HostMemory memory) => new((void*)memory.Address, (int)memory.Bytes);
}
