using FlexGen.Engine.Memory;
using static TorchSharp.torch;

namespace FlexGen.Engine.Tests.Memory;

public class StoreQueueTests
{
    [Fact]
    public void A_tensor_is_freed_when_it_is_home_and_few_are_on_their_way()
    {
        var lane = new Lane("stores", gpu: null, trace: null);
        using var queue = new StoreQueue(lane);
        var tensors = Enumerable.Range(0, 6).Select(n => zeros(4)).ToArray();
        var read = 0;
        foreach (var tensor in tensors)
        {
            queue.Start(_ => read += tensor.IsInvalid ? 0 : 1, [tensor]);
            Assert.InRange(tensors.Count(t => t.IsInvalid), read - StoreQueue.Most, read);
        }

        lane.Dispose();
        Assert.Equal((6, 4), (read, tensors.Count(t => t.IsInvalid)));
        queue.Dispose();
        Assert.All(tensors, t => Assert.True(t.IsInvalid));
    }

    [Fact]
    public void A_copy_that_failed_is_told_to_a_later_one_and_leaves_nothing()
    {
        var lane = new Lane("stores", gpu: null, trace: null);
        var queue = new StoreQueue(lane);
        var tensors = Enumerable.Range(0, StoreQueue.Most).Select(n => zeros(4)).ToArray();
        Array.ForEach(tensors, t => queue.Start(_ => throw new IOException("the disk is gone"), [t]));
        using var next = zeros(4);
        Assert.Equal("stores failed: the disk is gone", Assert.Throws<EngineException>(() => queue.Start(_ => { }, [next])).Message);
        lane.Dispose();
        queue.Dispose();
        Assert.All(tensors, t => Assert.True(t.IsInvalid));
    }
}
