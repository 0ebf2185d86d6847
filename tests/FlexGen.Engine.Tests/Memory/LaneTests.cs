using FlexGen.Engine.Memory;
using FlexGen.Interop;
using static TorchSharp.torch;

namespace FlexGen.Engine.Tests.Memory;

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

        next.WaitOnHost();
    }

    [Fact]
    public void Who_waits_for_a_copy_that_has_been_disposed_goes_on()
    {
        using var lane = new Lane("copies", gpu: null, trace: null);
        var copy = lane.StartAfterCompute(_ => { });
        copy.WaitOnHost();
        copy.Dispose();
        copy.WaitOnHost();
        copy.WaitOnCompute();
        copy.Dispose();
    }

    [Fact]
    public void A_lane_on_a_GPU_ends_when_its_copies_are_done()
    {
        Assert.SkipUnless(cuda.is_available(), "no GPU");
        const int Bytes = 512 << 20;
        CudaDriver.Use(0);
        using var memory = new HostMemory(Bytes, pinned: true);
        using var there = new ComputeMemory(Bytes, CUDA);
        using var ones = there.View(0, [Bytes], ScalarType.Byte);
        using var here = Tensor.UnsafeCreateTensor(TensorFromMemory.Create(memory.Address, [Bytes], (int)ScalarType.Byte));
        ones.fill_(1);
        here.zero_();
        var lane = new Lane("copies", gpu: 0, trace: null);
        lane.StartAfterCompute(copier => copier.ToHost(memory.Address, there.Address, Bytes));
        lane.Dispose();
        Assert.Equal(1, here[^1].item<byte>());
    }

    [Fact]
    public void A_copy_that_CUDA_refuses_is_told_to_whoever_waits_for_it_and_the_next_is_made()
    {
        Assert.SkipUnless(cuda.is_available(), "no GPU");
        CudaDriver.Use(0);
        using var memory = new HostMemory(4096, pinned: true);
        using var there = new ComputeMemory(4096, CUDA);
        using var lane = new Lane("copies", gpu: 0, trace: null);
        using var failing = lane.Start(copier => copier.ToCompute(new IntPtr(there.Address.ToInt64() + (1L << 50)), memory.Address, 4096));
        using var next = lane.Start(copier => copier.ToCompute(there.Address, memory.Address, 4096));
        Assert.Equal("copies failed: cuMemcpyHtoDAsync failed: CUDA_ERROR_INVALID_VALUE (1)", Assert.Throws<EngineException>(failing.WaitOnCompute).Message);
        next.WaitOnHost();
    }
}
