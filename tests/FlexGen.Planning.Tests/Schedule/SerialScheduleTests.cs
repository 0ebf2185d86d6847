using CsCheck;
using FlexGen.Planning.Schedule;

namespace FlexGen.Planning.Tests.Schedule;

public class SerialScheduleTests
{
    [Fact]
    public void Each_layer_is_loaded_once_and_then_each_micro_batch_does_all_of_it() =>
        Gen.Select(Gen.Int[1, 5], Gen.Int[0, 6].HashSet[1, 5]).Sample((layers, active) =>
        {
            var steps = SerialSchedule.Sweep(3, layers, [.. active]).ToList();
            Assert.Equal(Enumerable.Range(0, layers).Select(j => new WeightStep(3, j, 0, 1)), steps.OfType<WeightStep>());
            Verb[] verbs = [Verb.LoadCache, Verb.LoadHidden, Verb.Project, Verb.Attend, Verb.Complete, Verb.StoreHidden, Verb.StoreCache];
            for (var layer = 0; layer < layers; layer++)
            {
                var expected = from k in active from verb in verbs select new MicroBatchStep(verb, 3, layer, k);
                Assert.Equal(expected, steps.SkipWhile(s => s is not WeightStep load || load.Layer < layer).Skip(1).TakeWhile(s => s is MicroBatchStep));
            }
        });
}
