using CsCheck;
using FlexGen.Planning.Cost;
using FlexGen.Planning.Search;
using FlexGen.Planning.Tests.Cost;

namespace FlexGen.Planning.Tests.Search;

public class EstimateTests(ITestOutputHelper output)
{
    [Fact]
    public void Of_sequences_that_are_alike_nine_estimates_of_ten_are_within_two_per_cent_of_the_prediction()
    {
        var ratios = new List<double>();
        Cases.All.Sample((model, plan, workload, mode) =>
        {
            var uniform = Workload.Uniform(workload.Sample[0].Prompt, workload.Sample[0].Output, workload.Count);
            var whole = plan.Policy with { Weights = Placement.AllGpu, Cache = Placement.AllGpu, Hidden = Placement.AllGpu };
            var contention = new RoundCosts(model, model.Plan(whole), uniform).Contention(model.Profile, Shares.Of(plan));
            ratios.Add(model.Estimate(plan, uniform, contention, mode) / model.Predict(plan, uniform, mode).TokensPerSecond);
        }, threads: 1);
        ratios.Sort();
        output.WriteLine($"{ratios[0]:0.000} to {ratios[^1]:0.000}, nine of ten {ratios[ratios.Count / 20]:0.000} to {ratios[ratios.Count * 19 / 20]:0.000}");
        Assert.InRange(ratios.Count(r => Math.Abs(r - 1) > 0.02), 0, ratios.Count / 10);
    }
}
