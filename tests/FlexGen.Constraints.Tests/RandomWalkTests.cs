using System.Text.Json;
using FlexGen.Dataflow;
using FlexGen.Dataflow.Checks;
using FlexGen.Testing.Schemas;

namespace FlexGen.Constraints.Tests;

/// <summary>Whatever is drawn under the masks ends in a document of the schema.</summary>
public class RandomWalkTests
{
    /// <summary>Schemas of the collection that are walked.</summary>
    private const int Sampled = 45;

    public static TheoryData<string> Schemas => [.. SchemaConstraintTests.Kinds.Select(row => row.Data.Item1), .. more];

    private static readonly string[] more =
    [
        """{}""",
        """{"type":"object"}""",
        """{"type":"array"}""",
        """{"type":"string","minLength":3,"maxLength":40,"pattern":"^[a-z ]+$"}""",
        """{"type":"string","pattern":"^\\S+@\\S+$","maxLength":20}""",
        """{"type":"string","pattern":"^(é|ü)*\\u{1F600}?$"}""",
        """{"type":"string","enum":["a\"b","tab\there","\u0001","ñ","😀😀","a","ab","abc"]}""",
        """{"type":"string","format":"time"}""",
        """{"type":"string","format":"duration"}""",
        """{"type":"string","format":"hostname"}""",
        """{"type":"string","format":"iri"}""",
        """{"type":"string","format":"uri-reference","minLength":4}""",
        """{"type":"string","format":"json-pointer"}""",
        """{"type":"number","minimum":-0.5,"exclusiveMaximum":1e3}""",
        """{"type":"number","minimum":1e-7,"maximum":1e-6}""",
        """{"type":"number","multipleOf":0.01,"minimum":0,"maximum":10}""",
        """{"type":"integer","multipleOf":12,"exclusiveMinimum":-100,"maximum":1000}""",
        """{"type":"number","not":{"minimum":3,"maximum":5}}""",
        """{"type":["integer","string","null","boolean"],"maximum":9,"maxLength":4}""",
        """{"enum":[1.5,1e2,-0,"x",null,true,[],{},[[]],{"a":{"b":[1,{}]}}]}""",
        """{"type":"object","properties":{"a":{"type":"string"},"b":{"type":"integer"},"c":{"type":"boolean"}},"required":["a","c"]}""",
        """{"type":"object","properties":{"a\"b":{"type":"null"},"é":{"type":"null"},"\n":{"type":"null"}},"additionalProperties":false,"minProperties":1}""",
        """{"type":"object","properties":{"a":{"type":"integer"}},"patternProperties":{"^a":{"minimum":3},"b$":{"multipleOf":2}},"additionalProperties":{"type":"null"}}""",
        """{"type":"object","additionalProperties":{"type":"integer"},"minProperties":3,"maxProperties":4}""",
        """{"type":"object","propertyNames":{"enum":["a","b","c"]},"minProperties":2}""",
        """{"type":"object","patternProperties":{"^[ab]$":{"type":"integer"}},"additionalProperties":false,"minProperties":1}""",
        """{"type":"object","properties":{"a":true,"b":true,"c":true},"minProperties":2,"maxProperties":2,"additionalProperties":false}""",
        """{"type":"object","properties":{"a":true},"required":["z","y"],"additionalProperties":{"type":"boolean"}}""",
        """{"type":"object","dependentSchemas":{"a":{"required":["b"],"properties":{"b":{"type":"integer"}}}},"properties":{"a":true}}""",
        """{"type":"object","properties":{"a":{"type":"integer"}},"not":{"required":["a"],"properties":{"a":{"minimum":5}}}}""",
        """{"type":"array","items":{"type":"array","items":{"enum":[1,"x"]},"minItems":2,"maxItems":3},"minItems":2,"maxItems":4}""",
        """{"type":"array","prefixItems":[{"type":"string"},{"type":"integer"}],"items":{"type":"boolean"}}""",
        """{"type":"array","prefixItems":[{"type":"string"}],"contains":{"type":"integer"}}""",
        """{"type":"array","contains":{"type":"integer","minimum":3},"minContains":2,"maxContains":3,"items":{"type":["integer","null"]},"maxItems":6}""",
        """{"type":"array","allOf":[{"contains":{"const":1}},{"contains":{"const":2}}],"items":{"enum":[1,2,3]},"maxItems":4}""",
        """{"type":"array","items":{"enum":["a","b","c"]},"uniqueItems":true,"minItems":2}""",
        """{"type":"array","items":{"type":"integer","minimum":1,"maximum":12},"uniqueItems":true}""",
        """{"type":"array","items":{"type":["boolean","null"]},"uniqueItems":true,"minItems":3}""",
        """{"type":"array","items":{"type":"string"},"uniqueItems":true,"minItems":2}""",
        """{"oneOf":[{"type":"object","properties":{"a":{"type":"integer"}},"required":["a"],"additionalProperties":false},{"type":"array","items":{"$ref":"#"}}]}""",
        """{"anyOf":[{"type":"string","maxLength":3},{"type":"array","items":{"$ref":"#/anyOf/0"},"maxItems":2},{"type":"null"}]}""",
        """{"type":"object","properties":{"v":{"type":"integer"},"l":{"anyOf":[{"$ref":"#"},{"type":"null"}]},"r":{"anyOf":[{"$ref":"#"},{"type":"null"}]}},"required":["v","l","r"],"additionalProperties":false}""",
        """{"type":"object","properties":{"x":{"$ref":"#/$defs/n"}},"required":["x"],"$defs":{"n":{"type":"array","items":{"$ref":"#/$defs/n"},"maxItems":2}}}""",
        """{"type":"object","properties":{"kind":{"enum":["p","q"]},"n":{"type":"integer"},"s":{"type":"string"}},"required":["kind"],"if":{"properties":{"kind":{"const":"p"}}},"then":{"required":["n"]},"else":{"required":["s"]}}""",
        """{"allOf":[{"type":"object","properties":{"a":{"type":"string"}},"required":["a"]},{"properties":{"b":{"type":"integer"}},"required":["b"]}],"unevaluatedProperties":false}""",
        """{"type":"array","prefixItems":[true],"unevaluatedItems":{"type":"integer"},"minItems":2}""",
    ];

    [Theory]
    [MemberData(nameof(Schemas))]
    public void Given_any_draws_then_the_end_is_a_document_of_the_schema(string schema)
    {
        var check = OutputSchema.Parse(schema, TimeProvider.System);
        foreach (var hasSpace in new[] { true, false })
        {
            var constraint = Rules.Schema(schema, new() { AllowWhitespace = hasSpace });
            Assert.Empty(constraint.Unenforced);
            for (var seed = 0; seed < 6; seed++)
            {
                var walk = RandomWalk.Take(constraint, seed, 150, checks: seed < 2);
                Check(walk, check, schema);
                // The same again, token by token.
                var again = constraint.Begin();
                Assert.All(walk.Tokens, token => Assert.True(again.Take(token)));
                Assert.True(again.MayEnd);
            }
        }
    }

    [Fact]
    public void Given_schemas_of_the_collection_then_draws_end_in_documents_of_them()
    {
        Assert.SkipUnless(SchemaSample.IsThere, "NOT TESTED: ../shared/schemas is absent");
        var samples = SchemaSample.All().ToList();
        var (walked, whole) = (0, 0);
        foreach (var sample in Enumerable.Range(0, Sampled).Select(n => samples[n * samples.Count / Sampled]))
        {
            if (Made(sample) is not ({ Unenforced: [] } constraint, { } check))
            {
                continue;
            }

            for (var seed = 0; seed < 2; seed++)
            {
                var walk = RandomWalk.Take(constraint, seed, 1_500);
                walked++;
                whole += walk.IsWhole ? 1 : 0;
                if (walk.IsWhole)
                {
                    Check(walk, check, sample.Name);
                }
            }
        }

        Assert.True(whole == walked && walked > Sampled, $"{whole} of {walked} walks are whole");
    }

    private static (Constraint, OutputSchema)? Made(SchemaSample sample)
    {
        try
        {
            var text = sample.Schema.GetRawText();
            return (Rules.Schema(text), OutputSchema.Parse(text, TimeProvider.System));
        }
        catch (Exception e) when (e is ConstraintException or PipelineDefinitionException)
        {
            return null;
        }
    }

    private static void Check(RandomWalk walk, OutputSchema check, string schema)
    {
        try
        {
            Assert.True(walk.IsWhole, "it is not whole");
            using var parsed = JsonDocument.Parse(walk.Text);
            check.Check(walk.Text);
        }
        catch (Exception e)
        {
            Assert.Fail($"{schema}: {e.Message}\n{walk.Text}");
        }
    }
}
