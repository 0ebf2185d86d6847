using FlexGen.Dataflow.Checks;

namespace FlexGen.Dataflow.Tests.Checks;

public sealed class OutputSchemaTests : IDisposable
{
    private readonly string path = Path.GetTempFileName();

    public void Dispose() => File.Delete(path);

    [Theory]
    [InlineData("""{"type":"string"}""", "\"a\"", "1")]
    [InlineData("""{"type":["string","null"]}""", "null", "1")]
    [InlineData("""{"type":"integer"}""", "1", "1.5")]
    [InlineData("""{"type":"number"}""", "1.5", "\"1\"")]
    [InlineData("""{"type":"boolean"}""", "true", "0")]
    [InlineData("""{"type":"null"}""", "null", "0")]
    [InlineData("""{"type":"array"}""", "[]", "{}")]
    [InlineData("""{"type":"object"}""", "{}", "[]")]
    [InlineData("""{"enum":["a",1]}""", "1", "2")]
    [InlineData("""{"type":"number","multipleOf":0.5}""", "1.5", "1.7")]
    [InlineData("""{"type":"number","maximum":3}""", "3", "4")]
    [InlineData("""{"type":"number","exclusiveMaximum":3}""", "2.9", "3")]
    [InlineData("""{"type":"number","minimum":3}""", "3", "2")]
    [InlineData("""{"type":"number","exclusiveMinimum":3}""", "3.1", "3")]
    [InlineData("""{"maximum":3}""", "3", "4")]
    [InlineData("""{"minimum":3}""", "3", "2")]
    [InlineData("""{"type":"string","maxLength":2}""", "\"ab\"", "\"abc\"")]
    [InlineData("""{"type":"string","minLength":2}""", "\"ab\"", "\"a\"")]
    [InlineData("""{"type":"string","pattern":"^a+$"}""", "\"aa\"", "\"b\"")]
    [InlineData("""{"maxLength":2}""", "\"ab\"", "\"abc\"")]
    [InlineData("""{"pattern":"^a+$"}""", "\"aa\"", "\"b\"")]
    [InlineData("""{"type":"array","maxItems":1}""", "[1]", "[1,2]")]
    [InlineData("""{"type":"array","minItems":1}""", "[1]", "[]")]
    [InlineData("""{"type":"array","uniqueItems":true}""", "[1,2]", "[1,1]")]
    [InlineData("""{"type":"array","uniqueItems":true}""", """[{"a":1},{"a":2}]""", """[{"a":1},{"a":1}]""")]
    [InlineData("""{"type":"array","items":{"type":"string"}}""", "[\"a\"]", "[1]")]
    [InlineData("""{"type":"array","items":[{"type":"string"},{"type":"integer"}]}""", "[\"a\",1]", "[\"a\",\"b\"]")]
    [InlineData("""{"type":"array","items":[{"type":"string"}],"additionalItems":false}""", "[\"a\"]", "[\"a\",\"b\"]")]
    [InlineData("""{"type":"array","items":[{"type":"string"}],"additionalItems":{"type":"integer"}}""", "[\"a\",1]", "[\"a\",\"b\"]")]
    [InlineData("""{"items":{"type":"string"}}""", "[\"a\"]", "[1]")]
    [InlineData("""{"type":"object","maxProperties":1}""", """{"a":1}""", """{"a":1,"b":2}""")]
    [InlineData("""{"type":"object","minProperties":1}""", """{"a":1}""", "{}")]
    [InlineData("""{"type":"object","required":["a"]}""", """{"a":1}""", """{"b":1}""")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"string"}}}""", """{"a":"x"}""", """{"a":1}""")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"string"}},"required":["a"]}""", """{"a":"x"}""", """{"a":null}""")]
    [InlineData("""{"type":"object","properties":{"a":{}},"additionalProperties":false}""", """{"a":1}""", """{"b":1}""")]
    [InlineData("""{"type":"object","additionalProperties":{"type":"string"}}""", """{"a":"x"}""", """{"a":1}""")]
    [InlineData("""{"type":"object","patternProperties":{"^a":{"type":"string"}}}""", """{"ab":"x"}""", """{"ab":1}""")]
    [InlineData("""{"properties":{"a":{"type":"string"}}}""", """{"a":"x"}""", """{"a":1}""")]
    [InlineData("""{"required":["a"]}""", """{"a":1}""", """{"b":1}""")]
    [InlineData("""{"allOf":[{"type":"number"},{"minimum":2}]}""", "2", "1")]
    [InlineData("""{"anyOf":[{"type":"number"},{"type":"string"}]}""", "2", "true")]
    [InlineData("""{"oneOf":[{"type":"number"},{"type":"integer"}]}""", "2.5", "2")]
    [InlineData("""{"not":{"type":"number"}}""", "\"a\"", "1")]
    [InlineData("""{"$ref":"#/definitions/a","definitions":{"a":{"type":"string"}}}""", "\"a\"", "1")]
    [InlineData("""{"type":"object","properties":{"x":{"$ref":"#/definitions/a"}},"definitions":{"a":{"type":"string"}}}""", """{"x":"a"}""", """{"x":1}""")]
    [InlineData("""{"type":"object","properties":{"x":{"$ref":"#/$defs/a"}},"$defs":{"a":{"type":"string"}}}""", """{"x":"a"}""", """{"x":1}""")]
    [InlineData("""{"const":{"a":[1,"x"]}}""", """{"a":[1.0,"x"]}""", """{"a":["x",1]}""")]
    [InlineData("""{"enum":["1",true]}""", "\"1\"", "1")]
    [InlineData("""{"enum":[0]}""", "0.0", "false")]
    [InlineData("""{"type":"integer"}""", "1.0", "1.01")]
    [InlineData("""{"type":"array","prefixItems":[{"type":"string"}],"items":false}""", "[\"a\"]", "[\"a\",1]")]
    [InlineData("""{"contains":{"type":"null"},"minContains":2,"maxContains":3}""", "[null,1,null]", "[null,1]")]
    [InlineData("""{"unevaluatedItems":false,"allOf":[{"prefixItems":[true]}]}""", "[1]", "[1,2]")]
    [InlineData("""{"unevaluatedProperties":false,"anyOf":[{"properties":{"a":true}}]}""", """{"a":1}""", """{"b":1}""")]
    [InlineData("""{"propertyNames":{"maxLength":1}}""", """{"a":1}""", """{"ab":1}""")]
    [InlineData("""{"dependentRequired":{"a":["b"]}}""", """{"b":1}""", """{"a":1}""")]
    [InlineData("""{"dependentSchemas":{"a":{"required":["b"]}}}""", """{"b":1}""", """{"a":1}""")]
    [InlineData("""{"dependencies":{"a":["b"],"c":{"required":["b"]}}}""", """{"a":1,"b":1}""", """{"c":1}""")]
    [InlineData("""{"if":{"type":"number"},"then":{"minimum":1},"else":{"minLength":1}}""", "\"a\"", "0")]
    [InlineData("""{"maximum":3,"exclusiveMaximum":true}""", "2", "3")]
    [InlineData("""{"$ref":"#/$defs/a","maxLength":1,"$defs":{"a":{"type":"string"}}}""", "\"a\"", "\"ab\"")]
    [InlineData("""{"$ref":"#name","$defs":{"a":{"$anchor":"name","type":"string"}}}""", "\"a\"", "1")]
    [InlineData("""{"$id":"https://a.org/b","$ref":"c","$defs":{"a":{"$id":"c","type":"string"}}}""", "\"a\"", "1")]
    [InlineData("""{"properties":{"a":{"$ref":"#"}},"additionalProperties":false}""", """{"a":{"a":{}}}""", """{"a":{"b":{}}}""")]
    [InlineData("""{"properties":{"a":false}}""", "{}", """{"a":1}""")]
    [InlineData("""{"maxLength":1}""", "\"😀\"", "\"😀a\"")]
    [InlineData("""{"pattern":"^\\d$"}""", "\"1\"", "\"٣\"")]
    [InlineData("""{"pattern":"^a$"}""", "\"a\"", "\"a\\n\"")]
    [InlineData("""{"pattern":"^.$"}""", "\"😀\"", "\"ab\"")]
    [InlineData("""{"uniqueItems":true}""", """[1,true,"1",[1],{"a":1}]""", """[{"a":1,"b":[2]},{"b":[2.0],"a":1}]""")]
    [InlineData("""{"type":["number","null"]}""", "11111111111111111111", "\"1\"")]
    [InlineData("""{"type":"integer"}""", "1e400", "1e-400")]
    [InlineData("""{"maximum":1e400}""", "9999999999999999999999999999999999999999", "1.0000000000000000000000000000001e400")]
    [InlineData("""{"multipleOf":0.01}""", "11111111111111111111111111111111.11", "0.011")]
    [InlineData("""{"multipleOf":3}""", "3e99999999999999999999", "1e99999999999999999999")]
    [InlineData("""{"const":100000000000000000000000000000001}""", "1.00000000000000000000000000000001e32", "1e32")]
    [InlineData("""{"type":"string","format":"date"}""", "\"2026-11-24\"", "\"24.11.2026\"")]
    [InlineData("""{"type":"string","format":"date-time"}""", "\"2026-11-24T10:00:00Z\"", "\"2026-13-24T10:00:00Z\"")]
    [InlineData("""{"format":"duration"}""", "\"P1DT12H\"", "\"P1DT\"")]
    [InlineData("""{"type":"string","format":"time"}""", "\"10:00:00Z\"", "\"noon\"")]
    [InlineData("""{"type":"string","format":"email"}""", "\"a@b.org\"", "\"a\"")]
    [InlineData("""{"type":"string","format":"hostname"}""", "\"a.org\"", "\"a b\"")]
    [InlineData("""{"type":"string","format":"ipv4"}""", "\"10.0.0.1\"", "\"10.0.0\"")]
    [InlineData("""{"type":"string","format":"ipv6"}""", "\"::1\"", "\"x\"")]
    [InlineData("""{"type":"string","format":"uri"}""", "\"https://a.org/\"", "\"/rel\"")]
    [InlineData("""{"format":"uri-reference"}""", "\"/rel\"", "\"a b\"")]
    [InlineData("""{"format":"iri"}""", "\"https://é.org/\"", "\"https://a.org/ \"")]
    [InlineData("""{"format":"json-pointer"}""", "\"/a~0\"", "\"/a~2\"")]
    [InlineData("""{"format":"regex"}""", "\"^a+$\"", "\"^(a\"")]
    [InlineData("""{"type":"string","format":"uuid"}""", "\"0b6a7a0e-93a5-4f4a-8e49-3c8f5d1f6b61\"", "\"{0b6a7a0e-93a5-4f4a-8e49-3c8f5d1f6b61}\"")]
    [InlineData("""{"type":["integer","null"],"format":"int32"}""", "-2147483648", "2147483648")]
    [InlineData("""{"format":"uint64"}""", "18446744073709551615", "-1")]
    [InlineData("""{"type":"number","format":"double"}""", "1.5", "\"1.5\"")]
    [InlineData("""{"$schema":"http://json-schema.org/schema#","type":"integer"}""", "1", "1.5")]
    [InlineData("""{"$schema":"http://json-schema.org/draft-04/hyper-schema#","type":"integer","links":[{"rel":"self","href":"/a"}]}""", "1", "1.5")]
    [InlineData("""{"$schema":"http://iglucentral.com/schemas/com.snowplowanalytics.self-desc/schema/jsonschema/1-0-0#","self":{"vendor":"a"},"type":"integer"}""", "1", "1.5")]
    [InlineData("""{"markdownDescription":"*a*","enumDescriptions":["b"],"enum":[1]}""", "1", "2")]
    public async Task Each_keyword_that_is_taken_is_enforced(string schema, string valid, string invalid)
    {
        var check = await ReadAsync(schema);
        check.Check(valid);
        Assert.Equal("schema_violation", Assert.Throws<RecordException>(() => check.Check(invalid)).Reason);
    }

    [Theory]
    [InlineData("""{"requried":["a"]}""", "#/requried is a keyword that would be ignored; did you mean 'required'?")]
    [InlineData("""{"properties":{"a":{"nullable":true}}}""", "#/properties/a/nullable is a keyword that would be ignored")]
    [InlineData("""{"$dynamicRef":"#a"}""", "#/$dynamicRef is a keyword that would be ignored")]
    [InlineData("""{"$schema":"http://json-schema.org/draft-04/schema#","const":1}""", "#/const is a keyword of draft-06 and newer, and the schema's $schema is draft-04")]
    [InlineData("""{"$schema":"https://json-schema.org/draft/2020-12/schema","items":[true]}""", "#/items is a list, which $schema's version has as prefixItems")]
    [InlineData("""{"$schema":"https://a.org/mine"}""", "#/$schema is 'https://a.org/mine'; known are: http://json-schema.org/draft-04/schema")]
    [InlineData("""{"$schema":"http://json-schema.org/draft-04/schema#","links":[]}""", "#/links is a keyword that would be ignored")]
    [InlineData("""{"format":"phone"}""", "#/format is the format 'phone', which would be ignored. Known are: date")]
    [InlineData("""{"pattern":"(a"}""", "#/pattern has the pattern '(a': at character 2, the group that begins before character 1 is not closed")]
    [InlineData("""{"patternProperties":{"(?i)a":true}}""", "has the pattern '(?i)a': at character 2, groups begin with")]
    [InlineData("""{"pattern":"(a)\\1"}""", "references to groups are not supported")]
    [InlineData("""{"$ref":"#"}""", "# leads back to itself for the same value")]
    [InlineData("""{"$defs":{"a":{"anyOf":[true,{"$ref":"#/$defs/b"}]},"b":{"not":{"$ref":"#/$defs/a"}}}}""", "leads back to itself for the same value")]
    [InlineData("""{"$ref":"#/$defs/b","$defs":{}}""", "# refers to '#/$defs/b', where nothing is")]
    [InlineData("""{"$ref":"other.json"}""", "# refers to 'other.json', which is outside the file")]
    [InlineData("""{"type":"text"}""", "#/type is the unknown type 'text'. Known are: string")]
    [InlineData("""{"required":true}""", "#/required is true and must be a list")]
    [InlineData("""{"maxLength":-1}""", "#/maxLength is -1 and must be a whole number from 0")]
    [InlineData("""{"multipleOf":0}""", "#/multipleOf is 0 and must be more than 0")]
    [InlineData("""{"allOf":{}}""", "#/allOf is an object and must be a list")]
    [InlineData("""{"items":1}""", "#/items is 1 where a schema is expected")]
    [InlineData("""{"type":"string","type":"number"}""", "cannot use")]
    [InlineData("""{"required":["\ud800"]}""", "the escapes at byte 13 are no text")]
    [InlineData("""{"properties":{"\ud800":{}}}""", "the escapes at byte 15 are no text")]
    public async Task A_schema_that_would_not_be_enforced_as_written_is_refused(string schema, string problem)
    {
        var refusal = await Assert.ThrowsAsync<PipelineDefinitionException>(() => ReadAsync(schema));
        Assert.Contains(problem, refusal.Message, StringComparison.Ordinal);
        Assert.Contains(path, refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"a":1,"a":1}""")]
    [InlineData("""{"b":[{"a":1,"\u0061":2}]}""")]
    [InlineData("""{"a":"\ud800"}""")]
    [InlineData("""{"\udc00":1}""")]
    [InlineData("{'a':1}")]
    [InlineData("{} {}")]
    [InlineData("[1,]")]
    [InlineData("01")]
    [InlineData("NaN")]
    [InlineData("")]
    public async Task What_is_not_one_value_of_JSON_without_repeated_keys_is_refused(string output)
    {
        var check = await ReadAsync("{}");
        Assert.Equal("invalid_json", Assert.Throws<RecordException>(() => check.Check(output)).Reason);
    }

    [Fact]
    public async Task A_violation_says_what_and_where()
    {
        var check = await ReadAsync("""{"properties":{"a":{"items":{"type":["integer","null"]}},"b":{"maximum":2.5}},"required":["c"]}""");
        var violation = Assert.Throws<RecordException>(() => check.Check("""{"a":[1,"x"],"b":1e1}"""));
        Assert.Equal(
            """the output does not keep to the schema: the property 'c' is missing; at /a/1: "x" is not of the type null or integer; at /b: 1e1 is more than the maximum 2.5.""",
            violation.Message);
    }

    [Fact]
    public async Task An_error_quotes_little_of_a_long_output()
    {
        string key = new('k', 600_000);
        string[] schemas = ["""{"additionalProperties":{"type":"null"}}""", """{"propertyNames":{"maxLength":5}}""", """{"items":{"enum":[1]}}""", "{}"];
        foreach (var schema in schemas)
        {
            var check = await ReadAsync(schema);
            foreach (var output in (string[])[$$"""{"{{key}}":"{{key}}"}""", $$"""["{{key}}"]""", $$"""{"{{key}}":1,"{{key}}":1}""", $"{{{key}"])
            {
                Assert.InRange((Record.Exception(() => check.Check(output))?.Message ?? "").Length, 0, 1_100);
            }
        }
    }

    [Theory]
    [InlineData("""{"pattern":"^(?=([a-z0-9]+\\s?)+$)"}""", "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!\"")]
    [InlineData("""{"patternProperties":{"^(?!([a-z0-9]+\\s?)+$)b":true}}""", """{"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!":1}""")]
    [InlineData("""{"$ref":"#/$defs/a","$defs":{"a":{"type":"array","items":{"oneOf":[{"$ref":"#/$defs/a"},{"$ref":"#/$defs/a"}]}}}}""",
        "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]")]
    public async Task A_check_that_would_take_for_ever_is_given_up(string schema, string output)
    {
        var check = await ReadAsync(schema);
        Assert.Equal("check_too_long", Assert.Throws<RecordException>(() => check.Check(output)).Reason);
    }

    [Fact]
    public async Task A_pattern_of_nested_repetitions_is_matched_without_going_back()
    {
        var check = await ReadAsync("""{"pattern":"^([a-zA-Z0-9]+\\s?)+$"}""");
        Assert.Equal("schema_violation", Assert.Throws<RecordException>(() => check.Check($"\"{new string('a', 100_000)}!\"")).Reason);
    }

    private async Task<OutputSchema> ReadAsync(string schema)
    {
        await File.WriteAllTextAsync(path, schema);
        return await OutputSchema.ReadAsync(path, TimeProvider.System, CancellationToken.None);
    }
}
