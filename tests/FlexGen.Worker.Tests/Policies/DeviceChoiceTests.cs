using FlexGen.Engine;
using FlexGen.Planning.Cost;
using FlexGen.Worker.Policies;
using FlexGen.Worker.Reporting;

namespace FlexGen.Worker.Tests.Policies;

public class DeviceChoiceTests
{
    private const string From = "; several are taken from 1.1 times on";

    [Theory]
    [InlineData(915L, 2927L, "2 of 2 GPUs: 2,927 tokens/s predicted on 2, 915 on 1: 3.20 times" + From)]
    [InlineData(1000L, 1050L, "1 of 2 GPUs: 1,050 tokens/s predicted on 2, 1,000 on 1: 1.05 times" + From)]
    [InlineData(null, 30L, "2 of 2 GPUs: 30 tokens/s predicted on 2, it does not fit 1" + From)]
    [InlineData(30L, null, "1 of 2 GPUs: it does not fit 2, 30 on 1" + From)]
    public void A_line_says_how_many_GPUs_and_why(long? one, long? all, string expected) =>
        Assert.Equal(expected, PlanText.Of(new DeviceChoice(2, Predicted(one), Predicted(all))));

    [Fact]
    public void A_command_without_a_log_says_it_too()
    {
        var (before, text) = (Console.Error, new StringWriter());
        Console.SetError(TextWriter.Synchronized(text));
        try
        {
            new WorkerLog(new CommandLogger("validate")).ChoseDevices("2 of 2 GPUs");
        }
        finally
        {
            Console.SetError(before);
        }

        Assert.Contains("validate: Devices: 2 of 2 GPUs", text.ToString(), StringComparison.Ordinal);
    }

    private static Prediction? Predicted(long? tokens) => tokens is { } all
        ? new(null!, 0, 1, 0, all, 1, 1, new Dictionary<Resource, double>(), new Dictionary<Resource, double>()) : null;
}
