using FlexGen.Engine.Checkpoints;
using FlexGen.Engine.Layers;
using FlexGen.Engine.Memory;
using FlexGen.Engine.Weights;
using FlexGen.Interop;
using FlexGen.Planning;
using FlexGen.Planning.Formats;
using FlexGen.Planning.Plans;
using static TorchSharp.torch;

namespace FlexGen.Engine.Tests.Weights;

public sealed unsafe class LayerImageTests
{
    [Fact]
    public void Weights_larger_than_the_memory_they_go_through_come_back_from_host_and_disk()
    {
        using var scope = NewDisposeScope();
        Tensor[] weights = [rand(1000), rand(50, 101), rand(77, 33).t()];
        var specs = weights.Select((w, n) => new WeightSpec("weight", [.. w.shape], n)).ToArray();
        var sizes = weights.Select(w => DirectFile.Align(w.numel() * sizeof(float))).ToArray();
        var (host, disk, before) = (sizes[0], sizes[1] + sizes[2], 3L * DirectFile.Alignment);
        using var file = new DirectFile(Path.GetTempPath(), before + disk);
        var plan = new LayerPlan([Placed(0, Tier.Host, 0), Placed(1, Tier.Disk, host), Placed(2, Tier.Disk, host + sizes[1])], host, disk, before);
        using var layer = new LayerImage(specs, plan, new(host, pinned: false), new(file, before, disk));
        using (var staging = new HostMemory(2 * DirectFile.Alignment, pinned: false))
        {
            layer.Fill(new Weights(weights), ScalarType.Float32, staging);
        }

        using var image = new HostMemory(plan.ImageBytes, pinned: false);
        layer.Copy(Copier.OnHost, image.Address, 0, DirectFile.Alignment, null);
        layer.Copy(Copier.OnHost, image.Address, DirectFile.Alignment, plan.ImageBytes, null);
        foreach (var placed in layer.Plan.Weights)
        {
            var expected = weights[placed.Index].contiguous().data<float>().ToArray();
            Assert.True(new ReadOnlySpan<float>((void*)(image.Address + (nint)placed.Offset), expected.Length).SequenceEqual(expected));
        }

        PlacedWeight Placed(int index, Tier tier, long offset) => new(index, tier, weights[index].numel() * sizeof(float), offset, IsShared: false, ElementFormat.F32);
    }

    private sealed class Weights(Tensor[] weights) : IWeightSource
    {
        public IReadOnlyList<int> EndOfSequenceIds => [];

        public ScalarType StoredType(Model model) => ScalarType.Float32;

        public void Read(WeightSpec spec, long first, Tensor to) => to.copy_(weights[spec.Index].reshape(-1).narrow(0, first, to.numel()));

        public int? PackedGroup(WeightSpec spec) => null;

        public void ReadPacked(WeightSpec spec, PackedShape shape, long start, IntPtr to, long bytes) => throw new NotSupportedException();

        public void RequireUnchanged()
        {
        }

        public void Dispose()
        {
        }
    }
}
