using CsCheck;
using FlexGen.Engine.Schedule;

namespace FlexGen.Engine.Tests.Schedule;

public class SerialScheduleTests
{
    [Fact]
    public void Each_layer_is_loaded_once_and_each_compute_lies_between_its_loads_and_stores() =>
        Gen.Select(Gen.Int[1, 5], Gen.Int[0, 6].HashSet[1, 5]).Sample((layers, active) =>
        {
            var steps = SerialSchedule.Sweep(3, layers, [.. active]).ToList();
            Assert.Equal(Enumerable.Range(0, layers), steps.Where(s => s.Verb == Verb.LoadWeights).Select(s => s.Layer));
            foreach (var compute in steps.Where(s => s.Verb == Verb.Compute))
            {
                int At(Verb verb, int microBatch) => steps.IndexOf(compute with { Verb = verb, MicroBatch = microBatch });
                var at = steps.IndexOf(compute);
                Assert.InRange(At(Verb.LoadWeights, -1), 0, at);
                Assert.InRange(At(Verb.LoadCache, compute.MicroBatch), 0, at);
                Assert.InRange(At(Verb.LoadHidden, compute.MicroBatch), 0, at);
                Assert.True(At(Verb.StoreHidden, compute.MicroBatch) > at && At(Verb.StoreCache, compute.MicroBatch) > at);
            }

            Assert.Equal(layers * active.Count, steps.Count(s => s.Verb == Verb.Compute));
        });
}
