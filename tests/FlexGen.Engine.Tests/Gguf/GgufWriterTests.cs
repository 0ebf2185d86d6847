using System.Text;
using FlexGen.Comparison.Gguf;

namespace FlexGen.Engine.Tests.Gguf;

/// <summary>The files that the comparison with llama.cpp is given.</summary>
public class GgufWriterTests
{
    [Fact]
    public void Header_is_read_back_and_tensors_lie_where_it_says()
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, "model.gguf");
        float[] vector = [1, 2, 3];
        var matrix = Enumerable.Range(0, 128).Select(i => i - 60f).ToArray();
        using (var writer = new GgufWriter(
            path, [new("a.name", "text"), new("a.number", 7u), new("a.list", new[] { "x", "yz" })], [new("v", [3], GgufType.F32), new("m", [2, 64], GgufType.Q8_0)]))
        {
            writer.Append(vector);
            writer.Append(matrix);
            writer.Complete();
        }

        using var reader = new BinaryReader(File.OpenRead(path));
        Assert.Equal("GGUF", Encoding.ASCII.GetString(reader.ReadBytes(4)));
        Assert.Equal((3, 2L, 3L), (reader.ReadInt32(), reader.ReadInt64(), reader.ReadInt64()));
        Assert.Equal(("a.name", 8, "text"), (Text(), reader.ReadInt32(), Text()));
        Assert.Equal(("a.number", 4, 7), (Text(), reader.ReadInt32(), reader.ReadInt32()));
        Assert.Equal(("a.list", 9, 8, 2L, "x", "yz"), (Text(), reader.ReadInt32(), reader.ReadInt32(), reader.ReadInt64(), Text(), Text()));
        Assert.Equal(("v", 1, 3L, 0, 0L), (Text(), reader.ReadInt32(), reader.ReadInt64(), reader.ReadInt32(), reader.ReadInt64()));
        Assert.Equal(("m", 2, 64L, 2L, 8, 32L), (Text(), reader.ReadInt32(), reader.ReadInt64(), reader.ReadInt64(), reader.ReadInt32(), reader.ReadInt64()));
        reader.BaseStream.Position = (reader.BaseStream.Position + 31) / 32 * 32;
        Assert.Equal(vector, vector.Select(_ => reader.ReadSingle()));
        reader.BaseStream.Position += 20;
        foreach (var block in matrix.Chunk(32))
        {
            var scale = (float)reader.ReadHalf();
            Assert.All(block, element => Assert.Equal(element, scale * reader.ReadSByte(), 0.51f * scale));
        }

        Assert.Equal((reader.BaseStream.Length + 31) / 32 * 32, reader.BaseStream.Length);

        string Text() => Encoding.UTF8.GetString(reader.ReadBytes((int)reader.ReadInt64()));
    }

    [Fact]
    public void Elements_of_four_bits_are_within_half_a_step()
    {
        var random = new Random(1);
        var elements = Enumerable.Range(0, 64).Select(_ => random.NextSingle() - 0.5f).ToArray();
        var bytes = new byte[GgufBlocks.Bytes(GgufType.Q4_0, elements.Length)];
        GgufBlocks.Encode(GgufType.Q4_0, elements, bytes);
        Assert.Equal(36, bytes.Length);
        for (var i = 0; i < elements.Length; i++)
        {
            var block = bytes.AsSpan(i / 32 * 18, 18);
            var scale = (float)BitConverter.ToHalf(block);
            var half = block[2 + (i % 16)] >> (i % 32 < 16 ? 0 : 4) & 15;
            // The end that is not the largest has a step less.
            Assert.Equal(elements[i], scale * (half - 8), 1.01f * Math.Abs(scale));
            Assert.True(half is 15 || Math.Abs(elements[i] - (scale * (half - 8))) <= 0.51f * Math.Abs(scale));
        }
    }

    [Fact]
    public void File_without_all_tensors_is_not_complete()
    {
        using var folder = new TemporaryFolder();
        using var writer = new GgufWriter(Path.Combine(folder.Path, "model.gguf"), [], [new("v", [3], GgufType.F32)]);
        Assert.Throws<InvalidOperationException>(writer.Complete);
    }
}
