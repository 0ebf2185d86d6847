using System.Buffers.Binary;
using FlexGen.Dataflow;
using FlexGen.Dataflow.Parquet.Source;

namespace FlexGen.Fuzzing.Targets;

/// <summary>Opens a Parquet file: its footer is changed, what lies before it is not.</summary>
internal sealed class ParquetTarget : FuzzTarget
{
    private const int Tail = 8;

    private readonly string folder = Directory.CreateTempSubdirectory("flexgen-fuzz-").FullName;

    public override string Name => "parquet";

    public override IEnumerable<byte[]> Seeds() => Directory.GetFiles(Below("FlexGen.Fuzzing", "seeds", "parquet")).Order().Select(File.ReadAllBytes);

    public override byte[] Mutate(byte[] seed, byte[] other, Random random)
    {
        if (random.Next(10) == 0 || FooterOf(seed) is not { } footer)
        {
            return base.Mutate(seed, other, random);
        }

        var changed = ByteMutation.Of(seed, other, random, footer.Start, footer.Length);
        // Its end says where the footer begins.
        BinaryPrimitives.WriteInt32LittleEndian(changed.AsSpan(changed.Length - Tail), changed.Length - Tail - footer.Start);
        return changed;
    }

    protected override void Read(byte[] input)
    {
        var path = Path.Combine(folder, "x.parquet");
        File.WriteAllBytes(path, input);
        OpenAsync(path).GetAwaiter().GetResult();
    }

    private static (int Start, int Length)? FooterOf(byte[] file)
    {
        if (file.Length < Tail + 4)
        {
            return null;
        }

        var length = BinaryPrimitives.ReadInt32LittleEndian(file.AsSpan(file.Length - Tail));
        return length >= 0 && length <= file.Length - Tail ? (file.Length - Tail - length, length) : null;
    }

    private async Task OpenAsync(string path)
    {
        await using var source = await ParquetSource.OpenAsync(new ParquetSourceOptions { Path = path }, folder, TimeProvider.System, CancellationToken.None);
    }
}
