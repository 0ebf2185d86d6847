using FlexGen.Engine.Checkpoints;
using FlexGen.Engine.Checkpoints.Safetensors;
using FlexGen.Engine.Tests.Support;
using FlexGen.Planning.Formats;
using static TorchSharp.torch;

namespace FlexGen.Engine.Tests.Checkpoints;

/// <summary>What the whole process takes while a weight is read.</summary>
[Collection(nameof(Alone))]
public sealed class WeightMemoryTests : IDisposable
{
    private const long MiB = 1 << 20;
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void A_weight_in_another_type_takes_its_own_memory_and_little_beside()
    {
        const long Elements = 48 * MiB;
        using (var scope = NewDisposeScope())
        {
            SafetensorsWriter.Write(folder.File("model.safetensors"), [KeyValuePair.Create("big", ones(Elements, ScalarType.Float16))]);
        }

        File.WriteAllText(folder.File("config.json"), "{}");
        using var checkpoint = Checkpoint.Open(folder.Path);
        File.WriteAllText("/proc/self/clear_refs", "5");
        var before = ProcessMemory.Peak();
        using var weight = checkpoint.Load(new("big", [Elements], 0), ScalarType.Float32, CPU);
        Assert.InRange(ProcessMemory.Peak() - before, 4 * Elements, (4 * Elements) + (64 * MiB));
        Assert.Equal(Elements, weight.sum(ScalarType.Float64).item<double>());
    }

    [Fact]
    public unsafe void A_weight_that_is_packed_on_its_way_takes_little_memory()
    {
        var shape = new PackedShape(6000, 16000, 64);
        using (var scope = NewDisposeScope())
        {
            SafetensorsWriter.Write(folder.File("model.safetensors"), [KeyValuePair.Create("big", ones([shape.Rows, shape.Columns], ScalarType.Float16))]);
        }

        File.WriteAllText(folder.File("config.json"), "{}");
        using var checkpoint = Checkpoint.Open(folder.Path);
        var packed = new byte[shape.Bytes];
        Array.Fill(packed, (byte)1);
        File.WriteAllText("/proc/self/clear_refs", "5");
        var before = ProcessMemory.Peak();
        fixed (byte* to = packed)
        {
            checkpoint.ReadPacked(new("big", [shape.Rows, shape.Columns], 0, IsLinear: true), shape, 0, (IntPtr)to, packed.Length);
        }

        Assert.InRange(ProcessMemory.Peak() - before, 0, (Environment.ProcessorCount * 6 * MiB) + (16 * MiB));
    }
}
