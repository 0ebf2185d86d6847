using FlexGen.Engine.Memory;
using FlexGen.Interop;

namespace FlexGen.Engine.Tests.Memory;

public sealed unsafe class RestingPlaceTests
{
    private const int Sector = DirectFile.Alignment, Bytes = (5 * Sector) + 100;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_is_taken_home_piece_by_piece_comes_back_whole_or_from_somewhere_on(bool onDisk)
    {
        using var file = onDisk ? new DirectFile(Path.GetTempPath(), Sector + DirectFile.Align(Bytes)) : null;
        using var place = file is null ? new RestingPlace(Bytes, pinned: false) : new RestingPlace(file, Sector, Bytes);
        using var staging = new HostMemory(2 * Sector, pinned: false);
        using var memory = new HostMemory(DirectFile.Align(Bytes), pinned: false);
        var expected = new byte[Bytes];
        new Random(1).NextBytes(expected);
        fixed (byte* from = expected)
        {
            place.Write(Copier.OnHost, (IntPtr)from, Bytes, staging);
        }

        place.Fill(Sector, 3 * Sector, staging, (at, to, length) => new Span<byte>((void*)to, (int)length).Fill((byte)(at / Sector)));
        expected.AsSpan(Sector, 3 * Sector).Clear();
        // On disk a piece is what fits the memory between; in host memory all is one.
        expected.AsSpan(3 * Sector, Sector).Fill((byte)(onDisk ? 2 : 0));
        foreach (var start in new[] { 0, 2 * Sector })
        {
            place.Read(Copier.OnHost, start, memory.Address, Bytes - start, null);
            Assert.True(new ReadOnlySpan<byte>((void*)memory.Address, Bytes - start).SequenceEqual(expected.AsSpan(start)));
        }

        Assert.Equal((Bytes, onDisk), (place.Bytes, place.OnDisk));
    }
}
