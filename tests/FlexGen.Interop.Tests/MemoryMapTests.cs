namespace FlexGen.Interop.Tests;

public sealed class MemoryMapTests : IDisposable
{
    private readonly string path = Path.GetTempFileName();

    public void Dispose() => File.Delete(path);

    [Fact]
    public void The_bytes_are_those_of_the_file()
    {
        File.WriteAllBytes(path, [1, 2, 3, 4, 5]);
        using var map = MemoryMap.Open(path);
        Assert.Equal(5, map.Length);
        Assert.Equal([2, 3, 4], map.Bytes(1, 3).ToArray());
        Assert.Equal(map.Address(0) + 4, map.Address(4));
    }

    [Fact]
    public void Nothing_outside_the_file_is_reachable()
    {
        File.WriteAllBytes(path, [1, 2, 3]);
        using var map = MemoryMap.Open(path);
        Assert.Throws<ArgumentOutOfRangeException>(() => map.Bytes(1, 3).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => map.Bytes(-1, 1).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => map.Bytes(long.MaxValue, int.MaxValue).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => map.Address(4));
    }

    [Fact]
    public void An_empty_file_is_an_empty_map()
    {
        File.WriteAllBytes(path, []);
        using var map = MemoryMap.Open(path);
        Assert.Equal(0, map.Length);
    }

    [Fact]
    public void A_file_beyond_four_gigabytes_is_mapped_whole()
    {
        const long Length = 5L << 30;
        using (var file = File.OpenHandle(path, FileMode.Open, FileAccess.Write))
        {
            RandomAccess.SetLength(file, Length);
            RandomAccess.Write(file, [42], Length - 1);
        }

        using var map = MemoryMap.Open(path);
        Assert.Equal(Length, map.Length);
        Assert.Equal([42], map.Bytes(Length - 1, 1).ToArray());
    }

    [Fact]
    public void A_missing_file_is_an_input_output_error()
    {
        Assert.ThrowsAny<IOException>(() => MemoryMap.Open(path + ".absent"));
    }
}
