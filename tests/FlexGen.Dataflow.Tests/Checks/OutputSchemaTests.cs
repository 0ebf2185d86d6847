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
    [InlineData("""{"type":"string","format":"date"}""", "\"2026-11-24\"", "\"24.11.2026\"")]
    [InlineData("""{"type":"string","format":"date-time"}""", "\"2026-11-24T10:00:00Z\"", "\"yesterday\"")]
    [InlineData("""{"type":"string","format":"time"}""", "\"10:00:00Z\"", "\"noon\"")]
    [InlineData("""{"type":"string","format":"email"}""", "\"a@b.org\"", "\"a\"")]
    [InlineData("""{"type":"string","format":"hostname"}""", "\"a.org\"", "\"a b\"")]
    [InlineData("""{"type":"string","format":"ipv4"}""", "\"10.0.0.1\"", "\"10.0.0\"")]
    [InlineData("""{"type":"string","format":"ipv6"}""", "\"::1\"", "\"x\"")]
    [InlineData("""{"type":"string","format":"uri"}""", "\"https://a.org/\"", "\"x y\"")]
    [InlineData("""{"type":"string","format":"uuid"}""", "\"0b6a7a0e-93a5-4f4a-8e49-3c8f5d1f6b61\"", "\"x\"")]
    public async Task Each_keyword_that_is_taken_is_enforced(string schema, string valid, string invalid)
    {
        var check = await ReadAsync(schema);
        check.Check(valid);
        Assert.Equal("schema_violation", Assert.Throws<RecordException>(() => check.Check(invalid)).Reason);
    }

    private async Task<OutputSchema> ReadAsync(string schema)
    {
        await File.WriteAllTextAsync(path, schema);
        return await OutputSchema.ReadAsync(path, TimeProvider.System, CancellationToken.None);
    }
}
