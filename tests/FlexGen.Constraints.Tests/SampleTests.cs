using FlexGen.Testing.Schemas;

namespace FlexGen.Constraints.Tests;

public class SampleTests
{
    [Fact]
    [Trait("Category", "Long")]
    public void Given_the_collection_then_what_compiles_allows_what_is_valid_and_nothing_else()
    {
        var published = Published.Load("llama3");
        Assert.SkipUnless(published is not null && SchemaSample.IsThere, "NOT TESTED: ../shared/schemas or tests/node_modules is absent");
        var tokens = published.Tokens;
        var (all, compiled) = (0, 0);
        var wrong = new List<string>();
        foreach (var sample in SchemaSample.All())
        {
            all++;
            try
            {
                // The instances do not all keep to the order of the schema's properties.
                var constraint = Constraint.ForSchema(sample.Schema, tokens, new() { PropertyOrder = PropertyOrder.Any });
                compiled++;
                wrong.AddRange(sample.Tests
                    .Where(test => Allows(constraint, published, SchemaSample.Write(test.Data)) != test.IsValid
                        || Allows(constraint, published, SchemaSample.Write(test.Data, ", ", ": ", isAscii: true)) != test.IsValid)
                    .Select(test => $"{sample.Name}: {(test.IsValid ? "refused" : "accepted")}"));
            }
            catch (ConstraintException)
            {
                // Counted.
            }
        }

        Assert.Empty(wrong);
        Assert.True(compiled >= all * 0.99, $"{compiled} of {all} schemas compile");
    }

    private static bool Allows(Constraint constraint, Published published, string text)
    {
        var rule = constraint.Begin();
        return published.Tokenizer.Encode(text, addSpecialTokens: false).All(rule.Take) && rule.MayEnd;
    }
}
