using FlexGen.Engine.Hidden;
using FlexGen.Engine.Memory;
using FlexGen.Engine.Models;
using FlexGen.Planning;
using FlexGen.Planning.Formats;
using FlexGen.Planning.Plans;
using static TorchSharp.torch;

namespace FlexGen.Engine.Tests.Hidden;

public class HiddenStoreTests
{
    [Fact]
    public void Each_micro_batch_s_hidden_states_come_back_from_where_the_plan_has_them_rest()
    {
        using var noGrad = no_grad();
        var shape = PublishedShapes.Create("opt-125m").Shape;
        var policy = new Policy(2, 6, 16) { Hidden = new(34, 33) };
        var plan = new HiddenPlan(shape, ElementFormat.F32, policy);
        Assert.Equal([Tier.Gpu, Tier.Gpu, Tier.Host, Tier.Host, Tier.Disk, Tier.Disk], Enumerable.Range(0, 6).Select(k => plan.Home(k).Tier));
        using var store = new HiddenStore(plan, [new Tiers(CPU, Path.GetTempPath())]);
        var states = Enumerable.Range(0, 6).Select(k => full([policy.MostRows, 768], k, ScalarType.Float32)).ToArray();
        for (var k = 0; k < 6; k++)
        {
            Assert.Equal(plan.Home(k).Tier != Tier.Gpu, store.Rests(k));
            if (store.Rests(k))
            {
                store.Store(k, states[k].clone(), stage: 0, next: 0);
            }
        }

        for (var k = 0; k < 6; k++)
        {
            store.Load(k, stage: 0);
            using var back = store.Take(k, stage: 0);
            Assert.Equal(store.Rests(k), back is not null);
            Assert.True(back is null || back.equal(states[k]).all().item<bool>());
        }

        Array.ForEach(states, s => s.Dispose());
    }

    [Fact]
    public void Of_several_devices_the_next_takes_what_one_has_computed_from_where_it_rests_or_at_once()
    {
        using var noGrad = no_grad();
        var shape = PublishedShapes.Create("opt-125m").Shape;
        var policy = new Policy(2, 3, 16) { Hidden = new(34, 33) };
        var devices = Enumerable.Range(0, 3).Select(n => new Tiers(CPU, Path.GetTempPath(), name: $"cpu:{n}")).ToList();
        using var store = new HiddenStore(new(shape, ElementFormat.F32, policy, devices.Count), devices);
        for (var layer = 0; layer < 7; layer++)
        {
            var (stage, next) = (layer % 3, (layer + 1) % 3);
            for (var k = 0; k < 3; k++)
            {
                store.Store(k, full([policy.MostRows, 768], (10 * layer) + k, ScalarType.Float32), stage, next);
            }

            for (var k = 0; k < 3; k++)
            {
                store.Load(k, next);
                using var there = store.Take(k, next);
                Assert.All(there!.data<float>().ToArray(), x => Assert.Equal((10 * layer) + k, x));
                Assert.Null(store.Take(k, next));
            }
        }
    }
}
