using FlexGen.Planning.Cost;
using FlexGen.Worker.Policies;

namespace FlexGen.Worker.Tests.Policies;

public class WorkloadsTests
{
    private static readonly SequenceLengths[] earlier = [new(100, 10), new(200, 30)];

    [Fact]
    public void Given_no_earlier_run_then_outputs_are_as_long_as_they_can()
    {
        var expected = Workloads.Of([5, 7], [], 64, 9);
        Assert.Equal([new(5, 64), new(7, 64)], expected.Workload.Sample);
        Assert.Equal((9, "outputs at their longest"), (expected.Workload.Count, expected.Basis));
    }

    [Fact]
    public void Given_earlier_runs_then_outputs_are_as_they_were_and_prompts_as_the_source_has_them()
    {
        var expected = Workloads.Of([5], earlier, 64, 9);
        Assert.Equal([new(5, 10), new(5, 30)], expected.Workload.Sample);
        Assert.Equal("outputs as earlier runs had them", expected.Basis);
        Assert.Equal([new(5, 10), new(5, 20)], Workloads.Of([5], earlier, 20, 9).Workload.Sample);
    }

    [Fact]
    public void Given_a_source_that_cannot_be_looked_into_then_prompts_are_as_earlier_runs_had_them_too() =>
        Assert.Equal(earlier, Workloads.Of([], earlier, 64, null).Workload.Sample);

    [Fact]
    public void Given_nothing_at_all_then_something_is_supposed() => Assert.Equal([new(256, 64)], Workloads.Of([], [], 64, null).Workload.Sample);
}
