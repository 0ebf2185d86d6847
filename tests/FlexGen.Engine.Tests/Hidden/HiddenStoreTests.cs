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
        using var store = new HiddenStore(plan, new Tiers(CPU, Path.GetTempPath()));
        var states = Enumerable.Range(0, 6).Select(k => full([policy.MostRows, 768], k, ScalarType.Float32)).ToArray();
        for (var k = 0; k < 6; k++)
        {
            Assert.Equal(plan.Home(k).Tier != Tier.Gpu, store.Leaves(k));
            if (store.Leaves(k))
            {
                store.Store(k, states[k].clone());
            }
        }

        for (var k = 0; k < 6; k++)
        {
            store.Load(k);
            using var back = store.Take(k);
            Assert.Equal(store.Leaves(k), back is not null);
            Assert.True(back is null || back.equal(states[k]).all().item<bool>());
        }

        Array.ForEach(states, s => s.Dispose());
    }
}
