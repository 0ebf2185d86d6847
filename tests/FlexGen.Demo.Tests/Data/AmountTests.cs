using System.Globalization;
using FlexGen.Demo.Data;

namespace FlexGen.Demo.Tests.Data;

public class AmountTests
{
    [Fact]
    public void The_normalised_amount_has_the_digits_of_the_written_one()
    {
        var random = new Random(1);
        for (var n = 0; n < 2000; n++)
        {
            var amount = Amount.Random(random);
            var digits = string.Concat(amount.Written.Where(char.IsAsciiDigit));
            var normalised = amount.Normalised.Replace(".", "", StringComparison.Ordinal);
            Assert.True(digits == normalised || digits + "00" == normalised, amount.ToString());
            Assert.InRange(decimal.Parse(amount.Normalised, CultureInfo.InvariantCulture), 1, 99_999.99m);
        }
    }
}
