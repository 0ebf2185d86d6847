using CsCheck;
using FlexGen.Dataflow.Records;

namespace FlexGen.Dataflow.Tests.Records;

public sealed class IntervalSetTests
{
    private static readonly Gen<(int Start, int End)[]> intervals =
        Gen.Select(Gen.Int[0, 60], Gen.Int[0, 12], (start, length) => (start, start + length)).Array[0, 20];

    [Fact]
    public void Holds_what_a_set_of_positions_would()
    {
        intervals.Sample(added =>
        {
            var set = new IntervalSet();
            var expected = new HashSet<long>();
            foreach (var (start, end) in added)
            {
                var positions = Enumerable.Range(start, end - start).Select(i => (long)i).ToArray();
                Assert.Equal(!positions.Any(expected.Contains), set.Add(start, end));
                expected.UnionWith(positions);
            }

            Assert.Equal(expected.Count, set.Count);
            Assert.All(Enumerable.Range(-1, 80), i => Assert.Equal(expected.Contains(i), set.Contains(i)));
            for (var start = 0; start < 75; start++)
            {
                var end = start + (start % 7);
                Assert.Equal(Enumerable.Range(start, end - start).All(i => expected.Contains(i)), set.Covers(start, end));
            }
        });
    }

    [Fact]
    public void Keeps_intervals_sorted_disjoint_and_apart()
    {
        intervals.Sample(added =>
        {
            var set = new IntervalSet();
            foreach (var (start, end) in added)
            {
                set.Add(start, end);
            }

            Assert.All(set.Intervals, interval => Assert.True(interval.Start < interval.End));
            Assert.All(set.Intervals.Zip(set.Intervals.Skip(1)), pair => Assert.True(pair.First.End < pair.Second.Start));
        });
    }
}
