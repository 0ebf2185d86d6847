using System.Text.Json.Nodes;
using FlexGen.Engine;
using FlexGen.Planning.Cost;
using FlexGen.Planning.Hardware;
using FlexGen.Worker.Policies;

namespace FlexGen.Worker.Tests.Policies;

public class RunAccountTests
{
    private static readonly Workload planned = Workload.Uniform(512, 64, 64);
    private static readonly RunPlan plan = Plan();

    [Theory]
    [InlineData(1.0)]
    [InlineData(1.1)]
    [InlineData(0.9)]
    public void Given_a_run_that_went_about_as_planned_then_there_is_nothing_to_explain(double times)
    {
        var account = Account(planned, prefill: times, decode: times);
        Assert.Empty(account.Reasons());
        Assert.Equal(1 / times, account.Ratio, 0.02);
        Assert.Contains($"; measured is {account.Ratio:0.00} times that", account.Report().Text(asJson: false), StringComparison.Ordinal);
        Assert.Null(JsonNode.Parse(account.Report().Text(asJson: true))!["off_because"]);
    }

    [Fact]
    public void Given_outputs_shorter_than_planned_on_a_machine_as_planned_then_only_the_lengths_are_named()
    {
        var account = Account(Workload.Uniform(512, 4, 64));
        Assert.Equal(["outputs had 4 tokens where 64 were planned for"], account.Reasons());
        Assert.Equal("outputs had 4 tokens where 64 were planned for", (string?)JsonNode.Parse(account.Report().Text(asJson: true))!["off_because"]![0]);
    }

    [Fact]
    public void Given_a_machine_slower_than_its_profile_then_the_phase_is_named_and_what_the_plan_has_as_the_busiest_in_it()
    {
        var reason = Assert.Single(Account(planned, decode: 1.6).Reasons());
        Assert.StartsWith("decoding took 1.60 times as long as planned, where the plan has the link to the GPU as the busiest", reason, StringComparison.Ordinal);
        var both = Account(planned, prefill: 4, decode: 0.5).Reasons();
        Assert.Contains(both, r => r.StartsWith("sweeps that prefill took 4.00 times as long as planned", StringComparison.Ordinal));
        Assert.Contains(both, r => r.StartsWith("decoding took 0.50 times as long as planned", StringComparison.Ordinal));
    }

    [Fact]
    public void Given_an_engine_that_waited_for_records_then_neither_machine_nor_lengths_are_blamed() => Assert.Equal(
        ["the engine was idle 50% of the time: the source or the sink was slower than the model"], Account(planned, elapsed: 2).Reasons());

    [Fact]
    public void Given_sweeps_of_few_sequences_then_the_source_is_named_and_not_how_long_they_took()
    {
        var again = plan.Predict(planned);
        var few = new EngineStatistics(
            again.Sweeps * 8, again.PromptTokens, again.GeneratedTokens, TimeSpan.FromSeconds(again.PrefillSeconds), TimeSpan.FromSeconds(again.DecodeSeconds * 6), [0]);
        var reasons = new RunAccount(plan, planned, few, new Dictionary<Resource, ResourceWork>(), few.InPrefill + few.InDecode, again.GeneratedTokens).Reasons();
        Assert.Matches("^a sweep had [0-9.]+ sequences where the plan has [0-9.]+: the source or the sink left slots empty$", Assert.Single(reasons));
    }

    [Theory]
    [InlineData(0.5, true)]
    [InlineData(1.0, false)]
    public void Given_a_disk_slower_than_its_profile_then_both_rates_are_told(double part, bool told)
    {
        var read = plan.Model.Profile.Links.DiskRead;
        var slowest = Math.Min(read.Alone, Math.Min(read.BesideOther, read.BesideAttention));
        var work = new Dictionary<Resource, ResourceWork> { [Resource.DiskReads] = new((long)(slowest * part * 1e5), TimeSpan.FromSeconds(1e5)) };
        Assert.Equal(told, Account(planned, decode: 2, work: work).Reasons().Any(
            r => r == FormattableString.Invariant($"reading from disk ran at {slowest * part / 1e9:0.00} GB/s where the profile has {slowest / 1e9:0.00}")));
    }

    [Theory]
    [InlineData(0.5, true)]
    [InlineData(1.0, false)]
    public void Given_attention_in_host_memory_slower_than_its_profile_then_both_rates_are_told(double part, bool told)
    {
        var known = plan.Model.Profile.HostAttention;
        var slowest = known.ByFormat["float16"].Plain.Points.Min(p => p.X / p.Y) / known.BesideCopies;
        var work = new Dictionary<Resource, ResourceWork> { [Resource.HostAttention] = new((long)(slowest * part * 1e5), TimeSpan.FromSeconds(1e5)) };
        Assert.Equal(told, Account(planned, decode: 2, work: work).Reasons().Any(
            r => r == FormattableString.Invariant($"attention in host memory ran at {slowest * part / 1e9:0.00} GB/s where the profile has {slowest / 1e9:0.00}")));
    }

    [Fact]
    public void Given_a_link_to_the_gpu_slower_than_its_profile_then_what_it_moved_is_told_beside_what_it_was_to_move()
    {
        var again = plan.Predict(planned);
        var rate = again.BusyInDecode[Resource.ToGpu] * plan.Model.Profile.Links.HostToGpu.Alone / 1e9;
        Assert.EndsWith(
            FormattableString.Invariant($"as the busiest: {rate / 1.6:0.0} GB/s on average where {rate:0.0} were planned"),
            Assert.Single(Account(planned, decode: 1.6).Reasons()), StringComparison.Ordinal);
    }

    [Fact]
    public void Given_nothing_that_was_generated_then_there_is_a_prediction_and_nothing_beside_it()
    {
        var account = new RunAccount(plan, null, default, new Dictionary<Resource, ResourceWork>(), TimeSpan.FromSeconds(1), 0);
        Assert.Empty(account.Reasons());
        Assert.DoesNotContain("measured", account.Report().Text(asJson: false), StringComparison.Ordinal);
    }

    /// <summary>A run of a machine that takes so many times as long as the plan's.</summary>
    private static RunAccount Account(
        Workload had, double prefill = 1, double decode = 1, double elapsed = 1, IReadOnlyDictionary<Resource, ResourceWork>? work = null)
    {
        var again = plan.Predict(had);
        var measured = new EngineStatistics(
            again.Sweeps, again.PromptTokens, again.GeneratedTokens,
            TimeSpan.FromSeconds(again.PrefillSeconds * prefill), TimeSpan.FromSeconds(again.DecodeSeconds * decode), [0]);
        return new(plan, had, measured, work ?? new Dictionary<Resource, ResourceWork>(), elapsed * (measured.InPrefill + measured.InDecode), again.GeneratedTokens);
    }

    /// <summary>OPT-6.7B with weights in host memory on a T4.</summary>
    private static RunPlan Plan()
    {
        var model = new CostModel(ModelPlanner.OfShape("opt-6.7b", new(), onGpu: true).Outline, KnownHardware.Find("t4")!.ToProfile());
        return new(model, model.Plan(new(8, 2, 576) { Weights = new(0, 100) }), CostModel.Mode.Default, new(planned, AsEarlier: false));
    }
}
