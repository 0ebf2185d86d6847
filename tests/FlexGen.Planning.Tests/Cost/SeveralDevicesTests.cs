using FlexGen.Planning.Cost;
using FlexGen.Planning.Formats;
using FlexGen.Planning.Hardware;
using FlexGen.Planning.Plans;

namespace FlexGen.Planning.Tests.Cost;

public class SeveralDevicesTests
{
    private const double Plenty = 1e15;
    private static readonly ModelOutline model = Plans.Plans.Model(24, 96, 96, ElementFormat.F16);
    private static readonly HardwareProfile machine = Issuing(KnownHardware.Find("t4")!.ToProfile());
    private static readonly Policy streamed = new(4, 6, 64) { Weights = new(0, 100) };

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void Given_streamed_weights_when_each_device_has_a_link_then_a_sweep_takes_a_part_as_long(int devices) =>
        Assert.InRange(Decode(streamed, Of(1)) / Decode(streamed, Of(devices)), 0.9 * devices, devices * 1.05);

    [Fact]
    public void Given_a_host_whose_memory_feeds_one_link_then_a_second_is_of_no_use() =>
        Assert.InRange(Decode(streamed, Of(1)) / Decode(streamed, Of(2, hostRate: machine.Links.HostToGpu.Alone)), 0.9, 1.1);

    [Fact]
    public void Given_everything_on_the_devices_then_they_are_at_work_at_once_where_there_are_micro_batches_for_all()
    {
        Assert.InRange(Prefill(6, Of(1)) / Prefill(6, Of(2)), 1.6, 2.05);
        Assert.InRange(Prefill(1, Of(1)) / Prefill(1, Of(2)), 0.9, 1.01);
    }

    [Fact]
    public void Given_devices_that_do_not_reach_each_other_then_hidden_states_take_longer() =>
        Assert.True(Prefill(2, Of(2, handOver: 0)) > Prefill(2, Of(2)) * 1.01);

    [Fact]
    public void Given_several_devices_then_a_prediction_has_the_shares_of_each_and_of_the_busiest()
    {
        var prediction = Predict(streamed, Of(3));
        Assert.Equal(3, prediction.OfDevices.Count);
        Assert.All(new[] { Resource.Compute, Resource.ToGpu }, r => Assert.Equal(prediction.Busy[r], prediction.OfDevices.Max(d => d[r])));
        Assert.Single(Predict(streamed, Of(1)).OfDevices);
        var spans = new CostModel(model, Of(3)).Picture(prediction.Plan, Workload.Uniform(32, 32, 24));
        Assert.Equal([0, 1, 2], spans.Where(s => s.Resource == Resource.ToGpu).Select(s => s.Device).Distinct().Order());
        Assert.All(spans.Where(s => !s.Resource.IsOfADevice()), s => Assert.Equal(0, s.Device));
        Assert.All(spans.GroupBy(s => (s.Resource, s.Device)), Follow);

        static void Follow(IEnumerable<Span> ofOne)
        {
            var ordered = ofOne.OrderBy(s => s.Start).ToList();
            Assert.All(ordered.Zip(ordered.Skip(1)), pair => Assert.True(pair.Second.Start >= pair.First.End - 1e-9, $"{pair}"));
        }
    }

    private static double Decode(Policy policy, HardwareProfile profile) => Predict(policy, profile).DecodeSeconds;

    private static double Prefill(int microBatches, HardwareProfile profile) =>
        new CostModel(model, profile) is var cost ? cost.Predict(cost.Plan(new(64, microBatches, 64)), Workload.Uniform(63, 1, 64 * microBatches)).PrefillSeconds : 0;

    private static Prediction Predict(Policy policy, HardwareProfile profile) =>
        new CostModel(model, profile) is var cost ? cost.Predict(cost.Plan(policy), Workload.Uniform(32, 32, policy.EffectiveBatchSize)) : null!;

    private static HardwareProfile Of(int devices, double handOver = 393e9, double hostRate = Plenty) =>
        machine with { Devices = new(devices, 0, handOver, hostRate) };

    /// <summary>A thread that asks for nothing to be done takes no time, so that the devices bind.</summary>
    private static HardwareProfile Issuing(HardwareProfile profile) => profile with
    {
        Compute = profile.Compute with
        {
            Layers = profile.Compute.Layers.ToDictionary(l => l.Key, _ => new LayerOverhead(0, 0, 0, 0)),
            Sweep = new(0, 0, 0, 0),
        },
    };
}
