using System.Text;
using FlexGen.Schemas;

namespace FlexGen.Dataflow.Tests.Checks.Json;

public sealed class JsonNumberTests
{
    [Theory]
    [InlineData("1", "1.0", 0)]
    [InlineData("1e2", "100", 0)]
    [InlineData("1E+02", "100", 0)]
    [InlineData("0.1e1", "1", 0)]
    [InlineData("-0", "0e99999999999999999999", 0)]
    [InlineData("-2", "-1", -1)]
    [InlineData("-1", "0.5", -1)]
    [InlineData("0.12", "0.123", -1)]
    [InlineData("99", "100", -1)]
    [InlineData("1e99999999999999999999", "1e99999999999999999998", 1)]
    [InlineData("100000000000000000000000000000000000001", "100000000000000000000000000000000000000", 1)]
    public void Numbers_are_compared_by_value(string a, string b, int order)
    {
        Assert.Equal(order, Number(a).CompareTo(Number(b)));
        Assert.Equal(order == 0, Number(a) == Number(b));
        Assert.Equal(-order, Number(b).CompareTo(Number(a)));
    }

    [Theory]
    [InlineData("1e-5", "0.00001", true)]
    [InlineData("0.3", "0.1", true)]
    [InlineData("0.35", "0.1", false)]
    [InlineData("1e308", "0.123456789", false)]
    [InlineData("1e99999999999999999999", "7", false)]
    [InlineData("14e99999999999999999999", "7", true)]
    [InlineData("246913578246913578246913578", "123456789123456789123456789", true)]
    [InlineData("246913578246913578246913579", "123456789123456789123456789", false)]
    [InlineData("0", "7", true)]
    public void Multiples_are_exact(string number, string divisor, bool isMultiple) => Assert.Equal(isMultiple, Number(number).IsMultipleOf(Number(divisor)));

    private static JsonNumber Number(string text) => JsonNumber.Parse(Encoding.UTF8.GetBytes(text));
}
