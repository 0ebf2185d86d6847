using FlexGen.Planning.Cost;
using FlexGen.Planning.Hardware;

namespace FlexGen.Engine.Tests.Contract;

public class DeviceChoiceTests
{
    private const long GiB = 1L << 30;
    private static readonly HardwareProfile h100 = KnownHardware.Find("h100")!.ToProfile();
    private static readonly EngineOptions small = new() { GpuMemory = 16 * GiB, HostMemory = 100 * GiB, MaxSequenceLength = 544 };

    [Theory]
    [InlineData(100, 109, 1)]
    [InlineData(100, 111, 4)]
    [InlineData(100, 50, 1)]
    [InlineData(null, 50, 4)]
    [InlineData(100, null, 1)]
    public void All_are_taken_where_they_are_predicted_to_give_a_tenth_more_or_one_has_no_room(int? one, int? all, int expected)
    {
        var choice = DeviceChoice.Of(4, n => Predicted(n == 1 ? one : all, n));
        Assert.Equal(expected, choice.Count);
        Assert.Equal((long?)(expected == 1 ? one : all), choice.Chosen.GeneratedTokens);
    }

    [Fact]
    public void Where_neither_has_room_the_refusal_is_that_of_all() =>
        Assert.Equal("no room on 4", Assert.Throws<EngineException>(() => DeviceChoice.Of(4, n => Predicted(null, n))).Message);

    [Theory]
    [InlineData("opt-6.7b", 2, 2)]
    [InlineData("opt-125m", 20, 1)]
    public void A_model_that_one_streams_takes_all_and_one_whose_issuing_binds_takes_one(string shape, int all, int expected)
    {
        var options = shape == "opt-125m" ? small with { MaxSequenceLength = 64 } : small;
        var workload = shape == "opt-125m" ? Workload.Uniform(32, 32, 4) : Workload.Uniform(512, 32, 200);
        options = options with { Auto = new((_, _) => throw new InvalidOperationException("it has the machine"), workload) };
        var choice = ModelPlanner.OfShape(shape, options, onGpu: true).Choose(h100, all, options, workload);
        Assert.Equal(expected, choice.Count);
        // Of 20 GPUs a model of 12 layers takes 12 at the most.
        Assert.Equal(Math.Min(all, 12), all == 20 ? choice.All : Math.Min(choice.All, 12));
        Assert.Equal(expected, choice.Chosen.Plan.Device.Count);
    }

    [Fact]
    public void A_policy_that_is_stated_is_held_to_both_and_one_that_needs_the_room_of_two_takes_two()
    {
        var workload = Workload.Uniform(512, 32, 56);
        var stated = small with { GpuBatchSize = 28, GpuBatchCount = 2 };
        var planner = ModelPlanner.OfShape("opt-6.7b", stated, onGpu: true);
        var choice = planner.Choose(h100, 2, stated, workload);
        Assert.Null(choice.OnOne);
        Assert.Equal((2, 28, 2), (choice.Count, choice.Chosen.Plan.Policy.GpuBatchSize, choice.Chosen.Plan.Policy.GpuBatchCount));

        // One micro-batch has one GPU at work at a time.
        Assert.Equal(1, planner.Choose(h100, 2, stated with { GpuBatchSize = 8, GpuBatchCount = 1 }, workload).Count);
        Assert.Equal(2, planner.Choose(h100, 2, stated with { GpuBatchSize = 8, GpuBatchCount = 2, Weights = new(0, 100) }, workload).Count);
    }

    private static Prediction Predicted(int? tokens, int count) => tokens is { } all
        ? new(null!, 0, 1, 0, all, 1, 1, new Dictionary<Resource, double>(), new Dictionary<Resource, double>())
        : throw new EngineException($"no room on {count}");
}
