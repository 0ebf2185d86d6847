using FlexGen.Planning.Cost;
using FlexGen.Worker.Lengths;

namespace FlexGen.Worker.Tests.Lengths;

public class LengthSampleTests
{
    [Fact]
    public void Given_many_sequences_when_sampled_then_each_is_as_likely_to_be_kept_and_equal_samples_are_equal()
    {
        var (one, other) = (new LengthSample(long.MaxValue, new(3)), new LengthSample(long.MaxValue, new(3)));
        for (var n = 1; n <= 10_000; n++)
        {
            one.Add(new(n, 1));
            other.Add(new(n, 1));
        }

        Assert.Equal(one.Kept, other.Kept);
        Assert.Equal(LengthSample.Room, one.Kept.Distinct().Count());
        // Four standard deviations of a mean of 256.
        Assert.InRange(one.Kept.Average(l => l.Prompt), 5000 - 722, 5000 + 722);
    }

    [Fact]
    public void Given_an_earlier_sample_when_as_many_come_as_are_remembered_then_most_of_it_has_made_room()
    {
        var earlier = Enumerable.Repeat(new SequenceLengths(7, 100), LengthSample.Room).ToArray();
        var sample = new LengthSample(1024, new(3), earlier);
        for (var n = 0; n < 2048; n++)
        {
            sample.Add(new(7, 10));
        }

        Assert.Equal(LengthSample.Room, sample.Kept.Count);
        Assert.InRange(sample.Kept.Count(l => l.Output == 100), 0, LengthSample.Room / 4);
    }

    [Fact]
    public void Given_few_sequences_then_all_are_kept() => Assert.Equal([new(1, 2), new(3, 4)], With(new(3, 4)).Kept);

    private static LengthSample With(SequenceLengths added)
    {
        var sample = new LengthSample(1024, new(3), new SequenceLengths(1, 2));
        sample.Add(added);
        return sample;
    }
}
