using CsCheck;
using FlexGen.Planning.Formats;
using FlexGen.Planning.Plans;

namespace FlexGen.Planning.Tests.Plans;

public class WeightsPlanTests
{
    [Fact]
    public void A_weight_that_layers_share_is_on_the_compute_device_once_and_elsewhere_once_for_each()
    {
        var model = Plans.Model(1, 2, 2, ElementFormat.F32);
        var weights = model.Layers.SelectMany(l => l.Weights).Select(w => (w.Name, Bytes: ElementFormat.F32.Bytes(w.Rows, w.Columns))).ToList();
        Assert.Equal(2, weights.Count(w => w.Name == "embedding"));
        Assert.Equal(weights.Distinct().Sum(w => w.Bytes), new WeightsPlan(model, Placement.AllGpu, Compression.None, default).Bytes[Tier.Gpu]);
        Assert.Equal(weights.Sum(w => Sector.Align(w.Bytes)), new WeightsPlan(model, new(0, 100), Compression.None, default).Bytes[Tier.Host]);
        Assert.Equal([false, true], new WeightsPlan(model, Placement.AllGpu, Compression.None, default).Layers.Last().Weights.Select(w => w.IsShared));
    }

    [Fact]
    public void Linear_layers_are_kept_in_4_bits_where_the_policy_says_so_or_the_checkpoint_has_them_so_and_nothing_else_is()
    {
        var model = Plans.Model(2, 2, 2, ElementFormat.BF16);
        foreach (var (compression, groups) in new (Compression, int[])[] { (Compression.None, [32]), (Compression.Int4, [64, 64, 64, 64, 64, 32]) })
        {
            var plan = new WeightsPlan(model, Placement.AllGpu, compression, default);
            var packed = plan.Layers.Zip(model.Layers, (layer, outline) => layer.Weights.Select(w => (Placed: w, Shape: outline.Weights[w.Index])))
                .SelectMany(w => w).Where(w => w.Placed.Format.TileRows > 1).ToList();
            Assert.Equal(groups.Distinct(), plan.Groups);
            Assert.Equal(groups, packed.Select(w => w.Placed.Format.BlockElements));
            Assert.All(packed, w => Assert.True(w.Shape.IsLinear));
            Assert.All(packed, w => Assert.Equal(w.Placed.Packed([w.Shape.Rows, w.Shape.Columns])!.Value.Bytes, w.Placed.Bytes));
        }
    }

    [Fact]
    public void An_image_has_the_host_s_part_first_and_each_weight_in_whole_sectors() => Plans.All.Sample((model, policy, device) =>
    {
        var plan = new WeightsPlan(model, policy.Weights, policy.CompressWeights, device);
        var (file, largest) = (0L, 0L);
        foreach (var (layer, outline) in plan.Layers.Zip(model.Layers))
        {
            Assert.Equal(outline.Weights.Select(w => w.Format(model.Format, policy.CompressWeights).Bytes(w.Rows, w.Columns)), layer.Weights.Select(w => w.Bytes));
            var end = 0L;
            foreach (var weight in layer.Weights.Where(w => w.Tier != Tier.Gpu).OrderBy(w => w.Offset))
            {
                Assert.Equal(end, weight.Offset);
                Assert.Equal(end < layer.HostBytes ? Tier.Host : Tier.Disk, weight.Tier);
                end += Sector.Align(weight.Bytes);
            }

            Assert.Equal((end, file), (layer.ImageBytes, layer.FileOffset));
            (file, largest) = (file + layer.DiskBytes, Math.Max(largest, layer.ImageBytes));
        }

        Assert.Equal((file, largest), (plan.FileBytes, plan.BufferBytes));
    });

    [Fact]
    public void At_every_weight_the_shares_are_as_near_as_whole_weights_allow() => Plans.All.Sample((model, policy, device) =>
    {
        var placed = new double[3];
        var (total, largest) = (0.0, 0.0);
        foreach (var weight in new WeightsPlan(model, policy.Weights, policy.CompressWeights, device).Layers.SelectMany(l => l.Weights).Where(w => !w.IsShared))
        {
            placed[(int)weight.Tier] += weight.Bytes;
            (total, largest) = (total + weight.Bytes, Math.Max(largest, weight.Bytes));
            Assert.InRange(placed[(int)Tier.Gpu], (total * policy.Weights.Gpu / 100) - (2 * largest), (total * policy.Weights.Gpu / 100) + largest);
            Assert.InRange(placed[(int)Tier.Disk], (total * policy.Weights.Disk / 100) - (2 * largest), (total * policy.Weights.Disk / 100) + largest + 1);
        }
    });

    [Fact]
    public void Memory_before_the_disk_is_kept_for_a_GPU_only()
    {
        var model = Plans.Model(2, 2, 2, ElementFormat.F32);
        var (onCpu, onGpu) = (Plan(new(0, 0), isGpu: false), Plan(new(0, 0), isGpu: true));
        Assert.Equal(onGpu.StagingBytes, onGpu.Bytes[Tier.Host, Purpose.Staging]);
        Assert.Equal((onGpu.StagingBytes, 0), (onCpu.StagingBytes, onCpu.Bytes[Tier.Host]));
        Assert.Equal(0, Plan(new(0, 100), isGpu: true).StagingBytes);

        WeightsPlan Plan(Placement placement, bool isGpu) => new(model, placement, Compression.None, new(isGpu));
    }
}
