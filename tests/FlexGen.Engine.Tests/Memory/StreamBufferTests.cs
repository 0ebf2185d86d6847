using FlexGen.Engine.Memory;
using static TorchSharp.torch;

namespace FlexGen.Engine.Tests.Memory;

public class StreamBufferTests
{
    [Fact]
    public void Two_buffers_take_turns_and_are_found_by_what_they_hold_until_they_are_released()
    {
        using var buffers = new StreamBuffers<int>(4096, CPU);
        Assert.Null(buffers.Find(0));
        var (first, second) = (buffers.Next(0), buffers.Next(1));
        Assert.Same(first, buffers.Find(0));
        Assert.Same(second, buffers.Find(1));
        first.Asked = 100;
        first.Release();
        Assert.Null(buffers.Find(0));
        Assert.Same(first, buffers.Next(2));
        Assert.Equal(0, first.Asked);
        Assert.Null(new StreamBuffers<int>(0, CPU).Find(0));
    }

    [Fact]
    public void A_buffer_is_filled_again_only_when_its_reader_is_done_who_still_finds_what_it_waited_for()
    {
        using var gate = new ManualResetEventSlim();
        using var lane = new Lane("loads", gpu: null, trace: null);
        using var reading = new Lane("reading", gpu: null, trace: null);
        using var buffers = new StreamBuffers<int>(4096, CPU);
        var (buffer, filled) = (buffers.Next(0), 0);
        buffer.Fill(lane, _ => filled = 1, (0, 0));
        var (arrival, read) = (buffer.Arrival, 0);
        using var reader = reading.Start(_ =>
        {
            gate.Wait();
            arrival.WaitOnHost();
            read = filled;
        });
        buffer.Release(reader);
        buffers.Next(1);
        buffers.Next(2).Fill(lane, _ => filled = 2, (2, 0));
        gate.Set();
        buffer.WaitOnCompute();
        Assert.Equal((1, 2), (read, filled));
    }

    [Fact]
    public void A_view_is_made_once_for_an_offset_and_a_shape()
    {
        using var buffers = new StreamBuffers<int>(4096, CPU);
        long[] shape = [4, 8];
        var buffer = buffers.Next(0);
        Assert.Same(buffer.View(128, shape, ScalarType.Float32), buffer.View(128, shape, ScalarType.Float32));
        Assert.Equal(shape, buffer.View(256, shape, ScalarType.Float32).shape);
        Assert.NotSame(buffer.View(128, shape, ScalarType.Float32), buffer.View(256, shape, ScalarType.Float32));
    }
}
