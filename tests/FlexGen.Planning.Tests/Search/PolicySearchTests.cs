using CsCheck;
using FlexGen.Planning.Cost;
using FlexGen.Planning.Search;
using FlexGen.Planning.Tests.Cost;

namespace FlexGen.Planning.Tests.Search;

public class PolicySearchTests(ITestOutputHelper output)
{
    /// <summary>
    /// Of what a policy is worth: what a search that stops somewhere may cost. Of 970 larger budgets of other draws one had less, whose cause is gone since, and of
    /// 1,694 faster machines one, by 0.2%; of 6,800 other policies the best had 0.1% more.
    /// </summary>
    private const double Tolerance = 0.002;

    [Fact]
    public void What_is_found_fits_every_budget_and_is_found_again() => Searches.All.Each(30, draw =>
    {
        var (model, request) = draw;
        var found = new PolicySearch(model).Find(request);
        if (found is not null)
        {
            Assert.All(request.Budgets, b => Assert.InRange(b.Taken(found.Plan), 0, b.Bytes));
            Assert.Equal((request.SequenceLength, request.CompressWeights, request.CompressCache),
                (found.Plan.Policy.SequenceLength, found.Plan.Policy.CompressWeights, found.Plan.Policy.CompressCache));
            Assert.True(double.IsFinite(found.TokensPerSecond) && found.TokensPerSecond > 0);
        }

        var again = new PolicySearch(new CostModel(model.Model, model.Profile)).Find(request);
        Assert.Equal(found?.Plan.Policy, again?.Plan.Policy);
        Assert.Equal(found?.Seconds, again?.Seconds);
    });

    [Fact]
    public void More_memory_never_makes_it_slower()
    {
        var (worst, what) = (0.0, "");
        Gen.Select(Searches.All, Gen.Double[1, 3]).Each(30, draw =>
        {
            var ((model, request), times) = draw;
            var search = new PolicySearch(model);
            if (search.Find(request) is not { } now)
            {
                return;
            }

            for (var n = 0; n < request.Budgets.Count; n++)
            {
                var larger = search.Find(Searches.Larger(request, n, times));
                Assert.NotNull(larger);
                Note(ref worst, ref what, now, larger, $"{request.Budgets[n].Name} {times:0.00} times");
            }
        });
        output.WriteLine($"{compared} comparisons, worst {worst:0.00%} {what}");
        Assert.True(compared > 0);
        Assert.True(worst <= Tolerance, what);
    }

    [Fact]
    public void A_faster_machine_never_makes_it_slower()
    {
        var (worst, what) = (0.0, "");
        Gen.Select(Searches.All, Gen.Double[1, 3]).Each(15, draw =>
        {
            var ((model, request), times) = draw;
            if (new PolicySearch(model).Find(request) is not { } now)
            {
                return;
            }

            foreach (var (part, machine) in Machines.Faster(model.Profile, times))
            {
                Note(ref worst, ref what, now, new PolicySearch(new(model.Model, machine)).Find(request)!, $"{part} {times:0.00} times");
            }
        });
        output.WriteLine($"{compared} comparisons, worst {worst:0.00%} {what}");
        Assert.True(compared > 0);
        Assert.True(worst <= Tolerance, what);
    }

    [Fact]
    public void No_placement_that_fits_is_better_for_as_many_slots() => IsBest(6, (_, found) => Placements(found));

    [Fact]
    public void No_policy_that_fits_is_better() => IsBest(6, Policies);

    private void IsBest(int requests, Func<SearchRequest, Policy, IEnumerable<Policy>> others)
    {
        var (worst, what) = (0.0, "");
        Searches.All.Each(requests, draw =>
        {
            var (model, mixed) = draw;
            var one = mixed.Workload.Sample[0];
            var request = mixed with { Workload = Workload.Uniform(one.Prompt, one.Output, mixed.Workload.Count) };
            if (new PolicySearch(model).Find(request) is not { } found)
            {
                return;
            }

            var records = model.Profile.Compute.IsGpu && request.Mode.Overlaps;
            foreach (var policy in others(request, found.Plan.Policy).Take(1000).Select(p => p with { RecordsDecode = records }))
            {
                var plan = model.Plan(policy);
                if (request.Budgets.All(b => b.Holds(plan)))
                {
                    Note(ref worst, ref what, model.Predict(plan, request.Workload, request.Mode), found, $"{request.Workload.Count} of {string.Join(' ', request.Workload.Sample)}, {request.Mode}, GPU {model.Profile.Compute.IsGpu}");
                }
            }
        });
        output.WriteLine($"{compared} comparisons, worst {worst:0.00%} {what}");
        Assert.True(compared > 0);
        Assert.True(worst <= Tolerance, what);
    }

    [Fact]
    public void What_is_needed_is_enough() => Searches.All.Each(30, draw =>
    {
        var (model, request) = draw;
        var (search, hidden) = (new PolicySearch(model), request.Budgets[0]);
        var little = request with { Budgets = [hidden with { Bytes = 1000 }, .. request.Budgets.Skip(1)] };
        if (search.Find(little) is null && search.Find(request) is not null)
        {
            var needed = new BudgetNeeds(search, little).Alone(little.Budgets[0]);
            Assert.NotNull(needed);
            Assert.NotNull(search.Find(With(needed.Value)));
        }

        SearchRequest With(double bytes) => little with { Budgets = [hidden with { Bytes = bytes }, .. little.Budgets.Skip(1)] };
    });

    private int compared;

    private void Note(ref double worst, ref string what, Prediction better, Prediction found, string how)
    {
        compared++;
        var loss = 1 - (PolicyJudge.Worth(found) / PolicyJudge.Worth(better));
        if (loss > worst)
        {
            (worst, what) = (loss, $"{loss:0.00%} {how}: {better.Plan.Policy} {better.TokensPerSecond} | {found.Plan.Policy} {found.TokensPerSecond}");
        }
    }

    /// <summary>Placements of all sorts for sizes and numbers of micro-batches of all sorts, no more slots than there are sequences.</summary>
    private static IEnumerable<Policy> Policies(SearchRequest request, Policy policy)
    {
        var random = new Random(policy.SequenceLength);
        foreach (var placed in Placements(policy))
        {
            var size = (int)Math.Exp(random.NextDouble() * Math.Log(Math.Min(256, request.Workload.Count) + 0.99));
            yield return placed with
            {
                GpuBatchSize = size,
                GpuBatchCount = (int)Math.Exp(random.NextDouble() * Math.Log(Math.Min(20, request.Workload.Count / size) + 0.99)),
                WeightPages = random.Next(4) == 0 ? 1 : null,
            };
        }
    }

    /// <summary>The policy with placements of all sorts, the same for equal policies.</summary>
    private static IEnumerable<Policy> Placements(Policy policy)
    {
        var random = new Random(policy.SequenceLength);
        while (true)
        {
            yield return policy with
            {
                Weights = Placement(),
                Cache = Placement(),
                Hidden = random.Next(2) == 0 ? FlexGen.Planning.Placement.AllGpu : new(0, 100),
                AttentionOnHost = random.Next(3) * 50,
            };
        }

        Placement Placement()
        {
            var gpu = random.Next(3) switch { 0 => 0, 1 => 100, _ => random.Next(101) };
            return new(gpu, random.Next(2) == 0 ? 100 - gpu : random.Next(101 - gpu));
        }
    }
}
