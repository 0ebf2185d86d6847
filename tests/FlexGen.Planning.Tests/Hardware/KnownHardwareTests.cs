using FlexGen.Planning.Hardware;

namespace FlexGen.Planning.Tests.Hardware;

public class KnownHardwareTests
{
    public static TheoryData<string> Names => [.. KnownHardware.Names];

    [Fact]
    public void The_machines_that_are_promised_are_there() =>
        Assert.Equal(["a100", "a10g", "h100", "h200", "l4", "rtx-4090", "t4"], KnownHardware.Names.Order(StringComparer.Ordinal));

    [Theory]
    [MemberData(nameof(Names))]
    public void A_known_machine_is_a_profile_that_can_be_written_and_read_with_a_source_for_each_sort_of_figure(string name)
    {
        var profile = KnownHardware.Find(name)!.ToProfile();
        Assert.Equal(profile.ToJson(), HardwareProfile.Parse(profile.ToJson()).ToJson());
        Assert.Null(profile.MeasuredOn);
        Assert.Equal(208e9, profile.HostBytes);
        Assert.Equal(1.5e12, profile.DiskBytes);
        foreach (var figure in new[] { "data sheet|architecture", "PCIe", "host", "disk" })
        {
            Assert.Contains(profile.Sources!, s => figure.Split('|').Any(f => s.Contains(f, StringComparison.Ordinal)));
        }
    }

    [Fact]
    public void A_name_that_is_not_known_is_no_machine() => Assert.Null(KnownHardware.Find("h1000"));
}
