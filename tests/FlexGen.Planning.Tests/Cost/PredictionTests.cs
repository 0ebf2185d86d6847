using CsCheck;
using FlexGen.Planning.Cost;
using FlexGen.Planning.Plans;

namespace FlexGen.Planning.Tests.Cost;

public class PredictionTests(ITestOutputHelper output)
{
    [Fact]
    public void Whatever_is_asked_the_answer_is_a_number_and_every_token_is_in_it() => Cases.All.Sample((model, plan, workload, mode) =>
    {
        var prediction = model.Predict(plan, workload, mode);
        Assert.True(double.IsFinite(prediction.TokensPerSecond) && prediction.TokensPerSecond > 0, $"{prediction.TokensPerSecond} tokens/s");
        Assert.True(prediction.PrefillSeconds > 0 && prediction.DecodeSeconds >= 0 && double.IsFinite(prediction.Seconds), $"{prediction.Seconds} s");
        Assert.All(prediction.Busy.Values.Concat(prediction.BusyInDecode.Values), share => Assert.InRange(share, 0, 1));
        Assert.Equal(workload.Count, prediction.Sequences);
        var all = workload.Take(workload.Count).ToList();
        if (workload.Count <= 4L * plan.Policy.EffectiveBatchSize)
        {
            Assert.Equal((all.Sum(s => (long)s.Prompt), all.Sum(s => (long)s.Output)), (prediction.PromptTokens, prediction.GeneratedTokens));
        }

        // A sweep gives each slot a token at the most.
        Assert.True((prediction.Sweeps + 1) * plan.Policy.EffectiveBatchSize >= prediction.GeneratedTokens, $"{prediction.Sweeps} sweeps");
    });

    [Fact]
    public void Its_bytes_are_those_that_would_be_placed() => Cases.All.Sample((model, plan, workload, mode) =>
    {
        var placed = new PolicyPlan(model.Model, plan.Policy, new(model.Profile.Compute.IsGpu, (long)model.Profile.ContextBytes, model.Profile.DeviceCount));
        var predicted = model.Predict(plan, workload, mode).Plan;
        Assert.All(Enum.GetValues<Tier>(), tier => Assert.Equal(placed.Bytes[tier], predicted.Bytes[tier]));
    }, iter: 30);

    [Fact]
    public void Equal_questions_have_equal_answers() => Cases.All.Sample((model, plan, workload, mode) =>
    {
        var (first, again, fresh) = (model.Predict(plan, workload, mode), model.Predict(plan, workload, mode), Cases.On(model.Profile, model, plan, workload, mode));
        Assert.Equal((first.PrefillSeconds, first.DecodeSeconds, first.Sweeps), (again.PrefillSeconds, again.DecodeSeconds, again.Sweeps));
        Assert.Equal((first.PrefillSeconds, first.DecodeSeconds, first.Sweeps), (fresh.PrefillSeconds, fresh.DecodeSeconds, fresh.Sweeps));
    }, iter: 50);

    [Fact]
    public void A_faster_machine_never_takes_longer_for_the_same_policy()
    {
        var (worst, what) = (0.0, "");
        var tried = Gen.Select(Cases.All, Gen.Double[1, 4]);
        tried.Sample((one, times) =>
        {
            var (model, plan, workload, mode) = one;
            var now = model.Predict(plan, workload, mode).Seconds;
            foreach (var (part, machine) in Machines.Faster(model.Profile, times))
            {
                var longer = (Cases.On(machine, model, plan, workload, mode).Seconds / now) - 1;
                if (longer > worst)
                {
                    (worst, what) = (longer, $"{part} {times:0.00} times as fast: {longer:0.0E0} longer; gpu {model.Profile.Compute.IsGpu}, {plan.Policy}");
                }
            }
        }, threads: 1);
        output.WriteLine(what);
        // What is at work beside what is taken from a whole sweep: where one is done sooner, another is beside the rest for a larger part of it. Of 280,000
        // cases that made two longer by more than 0.01 per cent, by 0.06 and 0.10.
        Assert.True(worst <= 2e-3, what);
    }

    [Fact]
    public void More_memory_changes_nothing_for_the_same_policy() => Cases.All.Sample((model, plan, workload, mode) =>
    {
        var larger = model.Profile with { GpuBytes = 2 * model.Profile.GpuBytes, HostBytes = 3 * model.Profile.HostBytes, DiskBytes = 4 * model.Profile.DiskBytes };
        Assert.Equal(model.Predict(plan, workload, mode).Seconds, Cases.On(larger, model, plan, workload, mode).Seconds);
    }, iter: 30);

    [Fact]
    public void More_sequences_of_the_same_sort_never_take_less() => Cases.All.Sample((model, plan, workload, mode) =>
    {
        var uniform = Workload.Uniform(workload.Sample[0].Prompt, workload.Sample[0].Output, workload.Count);
        Assert.True(
            model.Predict(plan, uniform with { Total = workload.Count + 1 }, mode).Seconds >= model.Predict(plan, uniform, mode).Seconds * 0.99);
    }, iter: 50);

    [Fact]
    public void Outputs_end_with_their_slots_and_prompts_leave_room_for_a_token()
    {
        var workload = new Workload([new(10, 5000), new(400, 3), new(319, 1), new(5, 5)], 100);
        Assert.Equal([new(10, 310), new(319, 1), new(319, 1), new(5, 5)], workload.Within(320).Sample);
        Assert.Equal(100, workload.Within(320).Count);
        Assert.Same(workload, workload.Within(6000));
    }
}
