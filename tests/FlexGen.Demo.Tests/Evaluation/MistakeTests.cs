using FlexGen.Demo.Evaluation;

namespace FlexGen.Demo.Tests.Evaluation;

public class MistakeTests
{
    [Theory]
    [InlineData("""{"name": "A", "city": "X", "amount": 2.00}""", "city, amount")]
    [InlineData("""{"name":"A", "city": "B", "amount": 1.00}""", "layout")]
    [InlineData("""{"name": "A", "city": "B" """, "not a JSON object")]
    [InlineData("null", "not a JSON object")]
    public void Names_the_wrong_fields(string output, string kind) =>
        Assert.Equal(kind, Mistake.KindOf("""{"name": "A", "city": "B", "amount": 1.00}""", output));
}
