using FlexGen.Engine.Tests.Support;
using static TorchSharp.torch;

namespace FlexGen.Engine.Tests;

[Collection(nameof(Alone))]
public sealed class ComputeThreadsTests : IDisposable
{
    private readonly int before = get_num_threads();

    public void Dispose() => set_num_threads(before);

    [Fact]
    public void There_are_no_more_than_processors()
    {
        set_num_threads(3);
        ComputeThreads.Bound(2, _ => null);
        Assert.Equal(2, get_num_threads());
        ComputeThreads.Bound(64, _ => "");
        Assert.Equal(2, get_num_threads());
        // A thread that has not computed yet has as many.
        var elsewhere = 0;
        var thread = new Thread(() => elsewhere = get_num_threads());
        thread.Start();
        thread.Join();
        Assert.Equal(2, elsewhere);
    }

    [Theory]
    [InlineData("OMP_NUM_THREADS")]
    [InlineData("MKL_NUM_THREADS")]
    public void What_the_user_states_stands(string name)
    {
        set_num_threads(3);
        ComputeThreads.Bound(2, n => n == name ? "3" : null);
        Assert.Equal(3, get_num_threads());
    }
}
