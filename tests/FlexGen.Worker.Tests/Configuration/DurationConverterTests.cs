using System.ComponentModel;

namespace FlexGen.Worker.Tests.Configuration;

public class DurationConverterTests
{
    [Theory]
    [InlineData("30s", 30)]
    [InlineData("500ms", 0.5)]
    [InlineData("1.5 h", 5400)]
    [InlineData("5m", 300)]
    [InlineData("2d", 172_800)]
    [InlineData("00:05:00", 300)]
    [InlineData("00:00:00.050", 0.05)]
    [InlineData("24:00:00", 86_400)]
    [InlineData("1.02:00:00", 93_600)]
    public void Given_a_duration_when_converted_then_it_is_what_people_mean(string text, double seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), Convert(text));

    [Theory]
    [InlineData("5")]
    [InlineData("")]
    [InlineData("-5s")]
    [InlineData("00:05")]
    [InlineData("00:61:00")]
    [InlineData("5 minutes")]
    [InlineData("5M")]
    [InlineData("5s\n5s")]
    public void Given_anything_else_when_converted_then_it_is_refused(string text) => Assert.Throws<FormatException>(() => Convert(text));

    [Fact]
    public void Given_more_than_a_duration_holds_when_converted_then_it_is_an_overflow() => Assert.Throws<OverflowException>(() => Convert("99999999999d"));

    private static object? Convert(string text)
    {
        System.Runtime.CompilerServices.RuntimeHelpers.RunModuleConstructor(typeof(FlexGen.Worker.Configuration.DurationConverter).Module.ModuleHandle);
        return TypeDescriptor.GetConverter(typeof(TimeSpan)).ConvertFromInvariantString(text);
    }
}
