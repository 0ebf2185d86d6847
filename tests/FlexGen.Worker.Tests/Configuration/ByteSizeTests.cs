using FlexGen.Worker.Configuration;

namespace FlexGen.Worker.Tests.Configuration;

public class ByteSizeTests
{
    [Theory]
    [InlineData("0", 0)]
    [InlineData("1073741824", 1L << 30)]
    [InlineData("16GiB", 16L << 30)]
    [InlineData("1.5 MiB", 3L << 19)]
    [InlineData("500MB", 500_000_000)]
    [InlineData("2k", 2000)]
    [InlineData("7B", 7)]
    public void Given_a_size_when_parsed_then_it_is_in_bytes(string text, long bytes) => Assert.Equal(bytes, ByteSize.Parse(text).Bytes);

    [Theory]
    [InlineData("")]
    [InlineData("GiB")]
    [InlineData("-1GiB")]
    [InlineData("1 GiBs")]
    [InlineData("1e9")]
    public void Given_no_size_when_parsed_then_the_error_shows_one(string text) =>
        Assert.Contains("16GiB", Assert.Throws<FormatException>(() => ByteSize.Parse(text)).Message, StringComparison.Ordinal);
}
