using System.Buffers.Binary;
using System.Text;
using FlexGen.Engine.Checkpoints.Safetensors;

namespace FlexGen.Fuzzing.Targets;

/// <summary>Opens a safetensors file: its header is changed as JSON, or the bytes of the file are.</summary>
internal sealed class SafetensorsTarget : FuzzTarget
{
    private readonly string folder = Directory.CreateTempSubdirectory("flexgen-fuzz-").FullName;

    public override string Name => "safetensors";

    public override IEnumerable<byte[]> Seeds()
    {
        yield return File.ReadAllBytes(Below("FlexGen.Engine.Tests", "reference", "llama2", "model-00003-of-00003.safetensors"));
        yield return WithLength(
            Encoding.UTF8.GetBytes("""{"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},"b":{"dtype":"BF16","shape":[],"data_offsets":[8,10]}}"""),
            new byte[10]);
    }

    public override byte[] Mutate(byte[] seed, byte[] other, Random random)
    {
        if (random.Next(4) == 0 || HeaderOf(seed) is not { } header || HeaderOf(other) is not { } otherHeader)
        {
            return base.Mutate(seed, other, random);
        }

        return WithLength(JsonMutation.Of(header, otherHeader, random), seed.AsSpan(sizeof(long) + header.Length));
    }

    protected override void Read(byte[] input)
    {
        // Not as a checkpoint, which waits until a file that was just written can be told from a later one.
        var path = Path.Combine(folder, "model.safetensors");
        File.WriteAllBytes(path, input);
        using var file = SafetensorsFile.Open(path);
        foreach (var entry in file.Entries.Values)
        {
            TensorComparison.AreEqual(file, entry, file, entry);
        }
    }

    private static byte[]? HeaderOf(byte[] file)
    {
        var length = file.Length < sizeof(long) ? -1 : BinaryPrimitives.ReadInt64LittleEndian(file);
        return length >= 0 && length <= file.Length - sizeof(long) ? file.AsSpan(sizeof(long), (int)length).ToArray() : null;
    }

    private static byte[] WithLength(byte[] header, ReadOnlySpan<byte> data)
    {
        var length = new byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(length, header.Length);
        return [.. length, .. header, .. data];
    }
}
