using FlexGen.Engine.Cache.Shares;
using FlexGen.Engine.Memory;
using FlexGen.Interop;

namespace FlexGen.Engine.Tests.Cache.Shares;

public sealed unsafe class CacheLanesTests
{
    private const int Slots = 3, Tokens = 40, RowBytes = 1000;

    [Theory]
    [InlineData(false, 4)]
    [InlineData(true, 4)]
    [InlineData(true, 50)]
    [InlineData(true, 1000)]
    public void Prompts_go_to_their_slots_however_many_of_their_rows_the_memory_between_takes(bool onDisk, int rowsBetween)
    {
        var slab = DirectFile.Align(Slots * Tokens * RowBytes);
        using var file = onDisk ? new DirectFile(Path.GetTempPath(), slab) : null;
        using var home = file is null ? new RestingPlace(slab, pinned: false) : new RestingPlace(file, 0, slab);
        using var writer = new SlabWriter(8 << 20);
        using var staging = new HostMemory(rowsBetween * RowBytes, pinned: false);
        // One prompt after another, of different lengths, as in a pass.
        var places = Enumerable.Range(0, Slots).SelectMany(slot => Enumerable.Range(0, Tokens - (7 * slot)).Select(token => (long)(token * Slots) + slot)).ToArray();
        var rows = new byte[places.Length * RowBytes];
        new Random(1).NextBytes(rows);
        fixed (byte* from = rows)
        {
            CacheLanes.Stage(Copier.OnHost, staging, (IntPtr)from, home, places, RowBytes, writer);
        }

        using var read = new HostMemory(slab, pinned: false);
        home.Read(Copier.OnHost, 0, read.Address, slab, null);
        for (var n = 0; n < places.Length; n++)
        {
            var there = new ReadOnlySpan<byte>((void*)(read.Address + (nint)(places[n] * RowBytes)), RowBytes);
            Assert.True(there.SequenceEqual(rows.AsSpan(n * RowBytes, RowBytes)), $"row {n}");
        }
    }
}
