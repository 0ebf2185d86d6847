using FlexGen.Engine.Movement;

namespace FlexGen.Engine.Tests.Movement;

public class LaneTests
{
    [Fact]
    public void Copies_are_made_in_the_order_they_are_asked_for()
    {
        var made = new List<int>();
        using (var lane = new Lane("copies", gpu: null, trace: null))
        {
            for (var n = 0; n < 100; n++)
            {
                var copy = n;
                lane.Start(_ => made.Add(copy));
            }
        }

        Assert.Equal(Enumerable.Range(0, 100), made);
    }

    [Fact]
    public void A_copy_that_throws_is_told_to_whoever_waits_for_it_and_the_next_is_made()
    {
        using var lane = new Lane("copies", gpu: null, trace: null);
        using var failing = lane.Start(_ => throw new IOException("the disk is gone"));
        using var next = lane.Start(_ => { });
        foreach (var wait in new[] { failing.WaitIssued, failing.WaitOnHost, failing.WaitOnCompute })
        {
            Assert.Equal("copies failed: the disk is gone", Assert.Throws<EngineException>(wait).Message);
        }

        failing.Settle();
        next.WaitOnHost();
    }
}
