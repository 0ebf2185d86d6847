using System.Globalization;
using System.Text.RegularExpressions;
using FlexGen.Engine.Models;
using FlexGen.Engine.Plan;
using FlexGen.Planning.Cost;
using FlexGen.Planning.Formats;
using FlexGen.Planning.Hardware;
using FlexGen.Planning.Plans;
using static TorchSharp.torch;

namespace FlexGen.Engine.Tests.Plan;

/// <summary>Budgets too small for any policy: the refusal says which to raise, and to what; that is enough.</summary>
public partial class SearchedPlanTests
{
    private const long GiB = 1L << 30;
    private static readonly HardwareProfile t4 = KnownHardware.Find("t4")!.ToProfile();
    private static readonly MemoryPlan.Machine machine = new(208 * GiB, 14 * GiB, GiB, 1500 * GiB);
    private static readonly EngineOptions options = new()
    {
        MaxSequenceLength = 576,
        Auto = new((_, _) => t4, Workload.Uniform(512, 64, 64)),
        GpuMemory = 12 * GiB,
        HostMemory = 100 * GiB,
    };

    [Theory]
    [InlineData("HostMemory", 1 << 28)]
    [InlineData("GpuMemory", 3 << 29)]
    public void The_budget_that_a_refusal_names_is_the_one_that_binds_and_the_number_it_names_is_enough(string setting, int bytes)
    {
        var asked = With(setting, bytes);
        var message = Assert.Throws<EngineException>(() => Choose(asked)).Message;
        Assert.StartsWith("opt-6.7b fits nowhere: in Float16, even one slot of 576 tokens takes more than there is", message, StringComparison.Ordinal);
        var told = Needed().Match(message).Groups;
        Assert.Equal((setting, $"{bytes / (double)GiB:0.00}"), (told["setting"].Value, told["now"].Value));
        Assert.Contains($". Raise {setting}, lower MaxSequenceLength", message, StringComparison.Ordinal);
        var needed = double.Parse(told["needed"].Value, CultureInfo.InvariantCulture);
        Assert.Equal(needed - (bytes / (double)GiB), double.Parse(told["more"].Value, CultureInfo.InvariantCulture), 0.011);
        Choose(With(setting, (long)(needed * GiB)));
        Assert.Throws<EngineException>(() => Choose(With(setting, (long)((needed - 0.02) * GiB))));
    }

    [Fact]
    public void A_refusal_uses_the_names_that_users_have_for_settings()
    {
        var text = Assert.Throws<EngineException>(() => Choose(options with { HostMemory = GiB / 4 })).Text;
        Assert.Contains("engine.hostMemory is 0.25 GiB and would have to be", text.Worded(s => s == Setting.HostMemory ? "engine.hostMemory" : $"<{s}>"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1L << 28, 1L << 30)]
    [InlineData(0, 0)]
    [InlineData(1L << 28, 1L << 20)]
    public void Where_several_budgets_are_too_small_the_numbers_named_are_enough_together(long host, long gpu)
    {
        var asked = options with { HostMemory = host, GpuMemory = gpu };
        var message = Assert.Throws<EngineException>(() => Choose(asked)).Message;
        var needed = Needed().Matches(message).ToDictionary(m => m.Groups["setting"].Value, m => double.Parse(m.Groups["needed"].Value, CultureInfo.InvariantCulture));
        Assert.Equal(["GpuMemory", "HostMemory"], needed.Keys.Order());
        Assert.Contains(" more, and ", message, StringComparison.Ordinal);
        Assert.Contains(". Raise GpuMemory. Raise HostMemory, lower MaxSequenceLength", message, StringComparison.Ordinal);
        Assert.DoesNotContain("machine", message, StringComparison.Ordinal);
        Choose(asked with { HostMemory = (long)(needed["HostMemory"] * GiB), GpuMemory = (long)(needed["GpuMemory"] * GiB) });
    }

    [Fact]
    public void A_stated_policy_has_all_that_does_not_hold_it_named_with_what_would()
    {
        var asked = options with { Auto = null, GpuBatchSize = 64, Weights = new(50, 50), Cache = new(0, 100), GpuMemory = 8 * GiB, HostMemory = 8 * GiB };
        var message = Assert.Throws<EngineException>(() => Choose(asked)).Message;
        Assert.Contains("does not fit GPU memory: in Float16, with 64 x 1 slots of 576 tokens, it takes ", message, StringComparison.Ordinal);
        Assert.Contains("; nor does it fit host memory: it takes ", message, StringComparison.Ordinal);
        var needed = Needed().Matches(message).ToDictionary(m => m.Groups["setting"].Value, m => double.Parse(m.Groups["needed"].Value, CultureInfo.InvariantCulture));
        Choose(asked with { HostMemory = (long)(needed["HostMemory"] * GiB), GpuMemory = (long)(needed["GpuMemory"] * GiB) });
        Assert.Throws<EngineException>(() => Choose(asked with { HostMemory = 100 * GiB, GpuMemory = (long)((needed["GpuMemory"] - 0.02) * GiB) }));
    }

    [Fact]
    public void Smaller_shapes_of_a_family_come_largest_first()
    {
        Assert.Equal(["opt-13b", "opt-6.7b", "opt-2.7b", "opt-1.3b", "opt-350m", "opt-125m"], PublishedShapes.Smaller("opt-30b"));
        Assert.Equal(["llama-2-13b", "llama-2-7b"], PublishedShapes.Smaller("llama-2-70b"));
        Assert.Empty(PublishedShapes.Smaller("galactica-30b"));
    }

    private static EngineOptions With(string setting, long bytes) =>
        setting == "HostMemory" ? options with { HostMemory = bytes } : options with { GpuMemory = bytes };

    private static PolicyPlan Choose(EngineOptions asked) => MemoryPlan.Choose(
        PublishedShapes.Create("opt-6.7b").Outline(ElementFormat.F16), ScalarType.Float16, [new(TorchSharp.DeviceType.CUDA, 0)], asked, machine);

    [GeneratedRegex("(?<setting>[A-Za-z]+) is (?<now>[0-9.]+) GiB and would have to be (?<needed>[0-9.]+) GiB, (?<more>[0-9.]+) more")]
    private static partial Regex Needed();
}
