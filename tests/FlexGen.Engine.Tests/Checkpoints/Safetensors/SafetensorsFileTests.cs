using System.Buffers.Binary;
using System.Text;
using CsCheck;
using FlexGen.Engine.Checkpoints.Safetensors;
using static TorchSharp.torch;

namespace FlexGen.Engine.Tests.Checkpoints.Safetensors;

public sealed class SafetensorsFileTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("""{"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 80]}}""", "'a'", "do not lie within the 8 bytes")]
    [InlineData("""{"a": {"dtype": "F32", "shape": [2], "data_offsets": [8, 0]}}""", "'a'", "do not lie within")]
    [InlineData("""{"a": {"dtype": "F32", "shape": [3], "data_offsets": [0, 8]}}""", "'a'", "takes 12 bytes", "span 8")]
    [InlineData("""{"a": {"dtype": "F16", "shape": [9223372036854775807, 9223372036854775807, 2], "data_offsets": [0, 8]}}""", "'a'", "takes")]
    [InlineData("""{"a": {"dtype": "F32", "shape": [-2], "data_offsets": [0, 8]}}""", "'a'", "0 or above")]
    [InlineData("""{"a": {"dtype": "F32", "shape": [2.5], "data_offsets": [0, 8]}}""", "'a'", "integers")]
    [InlineData("""{"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8, 9]}}""", "'a'", "two 'data_offsets'")]
    [InlineData("""{"a": {"dtype": 4, "shape": [2], "data_offsets": [0, 8]}}""", "'a'", "string 'dtype'")]
    [InlineData("""{"a": {"shape": [2], "data_offsets": [0, 8]}}""", "'a'", "'dtype'")]
    [InlineData("""{"a": 7}""", "'a'", "header entry")]
    [InlineData("""{"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}""", "describes 4 bytes", "holds 8")]
    [InlineData("""{"a": {"dtype": "F32", "shape": [1], "data_offsets": [4, 8]}}""", "'a'", "no gap")]
    [InlineData("""{"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}, "b": {"dtype": "F32", "shape": [1], "data_offsets": [4, 8]}}""", "'b'", "overlap those of tensor 'a'")]
    [InlineData("""{"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}, "a": {"dtype": "F32", "shape": [1], "data_offsets": [4, 8]}}""", "'a' twice")]
    [InlineData("[]", "not a JSON object")]
    [InlineData("{ \"a\": ", "not JSON")]
    public void A_header_that_lies_is_refused(string header, params string[] parts) => Refused(File(header, new byte[8]), parts);

    [Fact]
    public void A_file_that_is_too_short_for_its_header_is_refused()
    {
        Refused([], "0 bytes is too short");
        Refused([1, 2, 3], "3 bytes is too short");
        Refused([255, 255, 255, 255, 255, 255, 255, 255, 1], "18446744073709551615 bytes long", "9 bytes");
        Refused([9, 0, 0, 0, 0, 0, 0, 0, 1], "9 bytes long");
        Refused(File("""{"a": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}}""", new byte[16])[..^1], "'a'", "cut short");
    }

    [Fact]
    public void Types_that_are_not_asked_for_do_no_harm()
    {
        var path = Write(File(
            """{"odd": {"dtype": "F4_NEW", "shape": [3], "data_offsets": [0, 2]}, "a": {"dtype": "F32", "shape": [1], "data_offsets": [2, 6]}}""",
            [9, 9, 0, 0, 128, 63]));
        using var file = SafetensorsFile.Open(path);
        using var a = file.Load(file.Entries["a"]);
        Assert.Equal(1f, a.item<float>());
        Assert.Contains("F4_NEW", Assert.Throws<CheckpointException>(() => file.Load(file.Entries["odd"])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_written_is_read_back()
    {
        using var scope = NewDisposeScope();
        KeyValuePair<string, Tensor>[] tensors =
        [
            new("none", zeros(0, 4)),
            new("scalar", tensor(3.5)),
            new("half", randn(3, 5).to(ScalarType.Float16)),
            new("brain \"quoted\" é", randn(7).to(ScalarType.BFloat16)),
            new("turned", randn(4, 6).t()),
            new("bytes", arange(0, 5, ScalarType.Byte)),
            new("learnt", randn(2, 2, requires_grad: true)),
        ];
        SafetensorsWriter.Write(folder.File("x"), tensors);
        using var file = SafetensorsFile.Open(folder.File("x"));
        Assert.Equal(tensors.Length, file.Entries.Count);
        foreach (var (name, tensor) in tensors)
        {
            var read = file.Load(file.Entries[name]);
            Assert.Equal(tensor.dtype, read.dtype);
            Assert.Equal(tensor.shape, read.shape);
            Assert.True(read.eq(tensor).all().item<bool>(), name);
        }
    }

    [Fact]
    public void A_file_with_any_bytes_changed_is_read_or_refused_and_nothing_else()
    {
        var sound = File(
            """{"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}, "b": {"dtype": "BF16", "shape": [1, 2], "data_offsets": [8, 12]}}""", new byte[12]);
        Gen.Select(Gen.Int[0, sound.Length - 1], Gen.Byte).Array[1, 4].Sample(changes =>
        {
            var bytes = sound.ToArray();
            Array.ForEach(changes, c => bytes[c.Item1] = c.Item2);
            try
            {
                using var file = SafetensorsFile.Open(Write(bytes, Guid.NewGuid().ToString("N")));
                foreach (var entry in file.Entries.Values)
                {
                    file.Load(entry).Dispose();
                }
            }
            catch (CheckpointException)
            {
            }
        }, iter: 500);
    }

    private static byte[] File(string header, byte[] data)
    {
        var json = Encoding.UTF8.GetBytes(header);
        var length = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, json.Length);
        return [.. length, .. json, .. data];
    }

    private string Write(byte[] content, string name = "model.safetensors")
    {
        System.IO.File.WriteAllBytes(folder.File(name), content);
        return folder.File(name);
    }

    private void Refused(byte[] content, params string[] parts)
    {
        var path = Write(content);
        var message = Assert.Throws<CheckpointException>(() => SafetensorsFile.Open(path)).Message;
        Assert.StartsWith(path, message, StringComparison.Ordinal);
        Assert.All(parts, part => Assert.Contains(part, message, StringComparison.Ordinal));
    }
}
