using FlexGen.Engine.Profiling;
using FlexGen.Worker.Configuration;
using FlexGen.Worker.Profiling;

namespace FlexGen.Worker.Tests.Profiling;

public sealed class ProfileProcessTests
{
    [Fact]
    public void Given_a_device_that_is_not_there_then_the_other_process_s_error_is_told()
    {
        var error = Assert.Throws<UsageException>(
            () => ProfileProcess.Measure(new ProfileOptions { Device = "cuda:99", Quick = true }, _ => { }, TestContext.Current.CancellationToken));

        Assert.Contains("this machine could not be measured: error: ", error.Message, StringComparison.Ordinal);
        Assert.Contains("cuda:99", error.Message, StringComparison.Ordinal);
    }
}
