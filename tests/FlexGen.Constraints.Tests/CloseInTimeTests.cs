using System.Text;
using FlexGen.Dataflow.Checks;
using FlexGen.Testing.Schemas;

namespace FlexGen.Constraints.Tests;

/// <summary>A document is whole within any budget that a shortest one fits in.</summary>
public class CloseInTimeTests
{
    public static TheoryData<string, string> Shortest => new()
    {
        { """{"type":"string"}""", "\"\"" },
        { """{"type":"string","minLength":7}""", "\"aaaaaaa\"" },
        { """{"type":"string","pattern":"^x{3}-[0-9]{2}$"}""", "\"xxx-00\"" },
        { """{"type":"string","pattern":"(cat|giraffe)s"}""", "\"cats\"" },
        { """{"type":"string","format":"date"}""", "\"0000-01-01\"" },
        { """{"enum":["penguin","heron","magpie"]}""", "\"heron\"" },
        { """{"type":"integer","minimum":1000}""", "1000" },
        { """{"type":"number","exclusiveMinimum":0.5,"maximum":0.75}""", "0.6" },
        { """{"type":"array","items":{"type":"integer"},"minItems":6}""", "[0,0,0,0,0,0]" },
        { """{"type":"array","items":{"type":"string","minLength":2},"minItems":3}""", "[\"aa\",\"aa\",\"aa\"]" },
        { """{"type":"array","items":{"enum":["a","bb","ccc"]},"uniqueItems":true,"minItems":3}""", "[\"a\",\"bb\",\"ccc\"]" },
        { """{"type":"array","items":{"type":"integer"},"uniqueItems":true,"minItems":3}""", "[0,1,2]" },
        { """{"type":"array","prefixItems":[{"type":"boolean"},{"const":"second"}],"minItems":2}""", "[true,\"second\"]" },
        { """{"type":"array","contains":{"const":12},"minContains":2,"items":{"type":"integer"},"minItems":4}""", "[12,12,0,0]" },
        { """{"type":"array","items":{"type":"array","items":{"type":"array","items":{"const":1},"minItems":2},"minItems":2},"minItems":2}""", "[[[1,1],[1,1]],[[1,1],[1,1]]]" },
        { """{"type":"object","required":["a","b"],"properties":{"a":{"type":"string"},"b":{"type":"integer"},"c":{"type":"string","minLength":30}}}""", "{\"a\":\"\",\"b\":0}" },
        { """{"type":"object","required":["o"],"properties":{"o":{"type":"object","required":["p"],"properties":{"p":{"type":"object","required":["q"],"properties":{"q":{"type":"null"}}}}}}}""", "{\"o\":{\"p\":{\"q\":null}}}" },
        { """{"type":"object","minProperties":3,"additionalProperties":{"type":"integer"}}""", "{\"\":0,\"a\":0,\"b\":0}" },
        { """{"type":"object","minProperties":2,"properties":{"long":{"type":"string","minLength":20},"b":{"const":1},"a":{"const":2}},"additionalProperties":false}""", "{\"b\":1,\"a\":2}" },
        { """{"type":"object","propertyNames":{"pattern":"^[xy]{2}$"},"minProperties":4,"additionalProperties":{"const":7}}""", "{\"xx\":7,\"xy\":7,\"yx\":7,\"yy\":7}" },
        { """{"type":"object","patternProperties":{"^[ab]$":{"const":7}},"additionalProperties":false,"minProperties":2}""", "{\"a\":7,\"b\":7}" },
        { """{"type":"object","required":["z"],"additionalProperties":{"type":"boolean"}}""", "{\"z\":true}" },
        { """{"type":"object","not":{"patternProperties":{"^a":{"type":"string"}}}}""", "{\"a\":0}" },
        { """{"type":"object","required":["ab"],"not":{"patternProperties":{"^a":{"type":"integer"}}},"additionalProperties":{"enum":[1,true]}}""", "{\"ab\":true}" },
        { """{"anyOf":[{"type":"string","minLength":12},{"type":"array","items":{"const":1},"minItems":9},{"type":"object","required":["a"],"properties":{"a":{"const":1}}}]}""", "{\"a\":1}" },
        { """{"type":"object","properties":{"v":{"type":"integer"},"next":{"anyOf":[{"$ref":"#"},{"type":"null"}]}},"required":["v","next"],"additionalProperties":false}""", "{\"v\":0,\"next\":null}" },
        { """{"type":"object","properties":{"c":{"type":"array","items":{"$ref":"#"},"minItems":1},"s":{"type":"string"}},"required":["s"]}""", "{\"s\":\"\"}" },
        { """{"type":"array","items":{"$ref":"#"}}""", "[]" },
    };

    [Theory]
    [MemberData(nameof(Shortest))]
    public void Given_any_budget_from_the_shortest_document_on_then_draws_are_whole_within_it(string schema, string shortest)
    {
        var check = OutputSchema.Parse(schema, TimeProvider.System);
        check.Check(shortest);
        var constraint = Rules.Schema(schema).Prepare();
        var least = Rules.Tokenize(Encoding.UTF8.GetBytes(shortest)).Count;
        for (var budget = least; budget < least + 16; budget++)
        {
            for (var seed = 0; seed < 6; seed++)
            {
                var walk = RandomWalk.Take(constraint, (100 * budget) + seed, budget);
                Assert.True(walk.IsWhole, $"{budget} tokens, seed {seed}: {walk.Text}");
                check.Check(walk.Text);
            }
        }
    }

    [Theory]
    [InlineData("[a-z]{6}", 6)]
    [InlineData("(?:é|ab)+x?", 1)]
    [InlineData("x*yyy|zz", 2)]
    public void Given_an_expression_then_its_budget_is_kept(string pattern, int least)
    {
        var constraint = Constraint.ForRegex(pattern, Rules.Tokens);
        Assert.All(Enumerable.Range(0, 60), seed => Assert.True(RandomWalk.Take(constraint, seed, least + (seed % 6)).IsWhole));
    }

    [Fact]
    public void Given_schemas_of_the_collection_then_budgets_of_their_shortest_documents_are_kept()
    {
        Assert.SkipUnless(SchemaSample.IsThere, "NOT TESTED: ../shared/schemas is absent");
        var late = new List<string>();
        var samples = SchemaSample.All().ToList();
        foreach (var sample in Enumerable.Range(0, 150).Select(n => samples[n * samples.Count / 150]))
        {
            try
            {
                var constraint = Rules.Schema(sample.Schema.GetRawText());
                late.AddRange(Enumerable.Range(0, 3).Where(seed => !RandomWalk.Take(constraint, seed, constraint.EnoughTokens + seed).IsWhole)
                    .Select(seed => $"{sample.Name}: {constraint.EnoughTokens + seed} tokens, seed {seed}"));
            }
            catch (ConstraintException)
            {
                // Another test's.
            }
        }

        Assert.Empty(late);
    }
}
