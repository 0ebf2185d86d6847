using FlexGen.Engine.Kernels.Cuda;
using FlexGen.Interop;
using static TorchSharp.torch;

namespace FlexGen.Engine.Tests.Kernels.Cuda;

public class HostExchangeTests
{
    [Theory]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.Float16)]
    [InlineData(ScalarType.BFloat16)]
    public void The_host_gets_the_first_rows_and_the_GPU_what_the_host_puts_there(ScalarType type)
    {
        Assert.SkipUnless(cuda.is_available(), "no GPU");
        CudaDriver.Use(0);
        using var scope = NewDisposeScope();
        const int Rows = 3;
        var (query, keys, values) = (randn(5, 4, 27, device: CUDA).to(type), randn(5, 2, 27, device: CUDA).to(type), randn(5, 2, 27, device: CUDA).to(type));
        using var memory = new HostMemory(1 << 16, pinned: true);
        var at = (Query: memory.Address, Keys: memory.Address + (1 << 14), Values: memory.Address + (2 << 14));
        using var exchange = new HostExchange(type);
        exchange.Give(Rows, query, keys, values, at);
        CudaDriver.Settle();
        Assert.True(There(at.Query, [Rows, 4, 27], ScalarType.Float32).equal(query[..Rows].to(ScalarType.Float32).cpu()).all().item<bool>());
        Assert.True(There(at.Keys, [Rows, 2, 27], type).equal(keys[..Rows].cpu()).all().item<bool>());
        Assert.True(There(at.Values, [Rows, 2, 27], type).equal(values[..Rows].cpu()).all().item<bool>());

        var output = zeros([Rows, 4 * 27], type, CUDA);
        exchange.Take(at.Query, output);
        Assert.True(output.reshape(Rows, 4, 27).equal(query[..Rows]).all().item<bool>());
    }

    [Fact]
    public void A_copy_by_a_kernel_brings_there_and_back_what_it_was_given_and_no_more()
    {
        Assert.SkipUnless(cuda.is_available(), "no GPU");
        CudaDriver.Use(0);
        using var scope = NewDisposeScope();
        const int Words = 100_003;
        using var memory = new HostMemory((Words + 1) * sizeof(int), pinned: true);
        var there = There(memory.Address, [Words + 1], ScalarType.Int32).fill_(-1);
        var (from, to) = (randint(0, 1 << 30, [Words], device: CUDA).to(ScalarType.Int32), zeros([Words], ScalarType.Int32, CUDA));
        using var copy = new HostCopy();
        copy.Start(TensorAddress.Of(from.Handle), memory.Address, Words * sizeof(int));
        copy.Start(memory.Address, TensorAddress.Of(to.Handle), Words * sizeof(int));
        CudaDriver.Settle();
        Assert.True(to.equal(from).all().item<bool>());
        Assert.True(there[..Words].equal(from.cpu()).all().item<bool>());
        Assert.Equal(-1, there[Words].item<int>());
    }

    private static Tensor There(IntPtr address, long[] shape, ScalarType type) => Tensor.UnsafeCreateTensor(TensorFromMemory.Create(address, shape, (int)type));
}
