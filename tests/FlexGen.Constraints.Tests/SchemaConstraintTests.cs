using System.Text;

namespace FlexGen.Constraints.Tests;

public class SchemaConstraintTests
{
    public static TheoryData<string, string, string> Kinds => new()
    {
        { """{"$schema":"http://json-schema.org/schema#","type":["integer","null"],"format":"int32"}""", "-2147483648|null|2147483647", "2147483648|-2147483649|1.5" },
        { """{"$schema":"http://iglucentral.com/schemas/com.snowplowanalytics.self-desc/schema/jsonschema/1-0-0#","self":{"name":"a"},"type":"number","minimum":1,"exclusiveMinimum":true}""", "1.5", "1" },
        { """{"type":"boolean"}""", "true|false", "null|0|\"true\"" },
        { """{"type":["string","null"]}""", "null|\"\"|\"a\\u00e9\\ud83d\\ude00\"", "1|\"\\ud83d\"|\"\n\"|\"\\x\"" },
        { """{"type":"integer","minimum":-5,"maximum":120}""", "-5|0|7|99|120", "-6|121|1.5|007|-0|1e1" },
        { """{"type":"number","exclusiveMinimum":0,"maximum":1.5}""", "0.1|1|1.5|1.50|1e-05|1.5e0", "0|1.51|-1|2e0|1.6e0" },
        { """{"type":"number","maximum":0,"exclusiveMaximum":true}""", "-1|-0.001|-3e5", "0|0.0|1" },
        { """{"type":"number","multipleOf":0.25}""", "0.25|1|-1.75|2.50", "0.3|1.1|0.125" },
        { """{"type":"integer","multipleOf":7,"minimum":10}""", "14|21|7000", "7|15" },
        { """{"type":"string","minLength":2,"maxLength":3}""", "\"ab\"|\"éé\"|\"😀😀😀\"|\"\\n\\ud83d\\ude00\"", "\"a\"|\"abcd\"" },
        { """{"type":"string","pattern":"^a+b?$"}""", "\"a\"|\"aab\"|\"\\u0061b\"", "\"b\"|\"aabb\"|\"\"" },
        { """{"type":"string","pattern":"b"}""", "\"abc\"|\"b\"", "\"ac\"|\"\"" },
        { """{"type":"string","pattern":"^(?=.*\\d)(?!.*x)[a-z0-9]{3,}$"}""", "\"ab1\"|\"1ab\"", "\"abc\"|\"ax1\"|\"a1\"" },
        { """{"type":"string","pattern":"\\bcat\\b"}""", "\"a cat!\"|\"cat\"", "\"cats\"|\"concat\"" },
        { """{"type":"string","pattern":"^[^\"\\\\]$"}""", "\"a\"|\"\\n\"|\"é\"", "\"\\\"\"|\"\\\\\"" },
        { """{"format":"date","type":"string"}""", "\"2024-02-29\"|\"1999-12-31\"", "\"2023-02-29\"|\"2024-13-01\"|\"2024-04-31\"" },
        { """{"format":"date-time","type":"string"}""", "\"2024-02-29T23:59:60Z\"|\"2020-01-01T00:00:00.5+02:00\"", "\"2020-01-01T24:00:00Z\"|\"2020-01-01\"" },
        { """{"format":"email","type":"string"}""", "\"a.b@c.de\"", "\"a@\"|\"a..b@c.de\"" },
        { """{"format":"ipv6","type":"string"}""", "\"::1\"|\"1:2:3:4:5:6:7:8\"|\"::ffff:1.2.3.4\"|\"1::\"", "\"1:2\"|\":::\"" },
        { """{"format":"uri","type":"string"}""", "\"http://a.b/c?d#e\"|\"urn:x\"", "\"/a\"|\"http://a b\"" },
        { """{"format":"uuid","type":"string"}""", "\"123e4567-e89b-12d3-a456-426614174000\"", "\"123e4567\"" },
        { """{"enum":["a",1,null,{"b":[1]},[2,3]]}""", "\"a\"|1|null|{\"b\":[1]}|[2, 3]", "\"b\"|2|{\"b\":[2]}|[2]|{}" },
        { """{"const":"é"}""", "\"é\"|\"\\u00e9\"", "\"e\"" },
        { """{"properties":{"a":{"type":"integer"},"b":{"type":"string"}},"required":["a"],"additionalProperties":false,"type":"object"}""", "{\"a\":1}|{\"a\":1,\"b\":\"x\"}|{ \"a\": 1 }", "{}|{\"b\":\"x\",\"a\":1}|{\"a\":1,\"c\":2}|{\"a\":1,\"a\":2}|{\"a\":1,}" },
        { """{"properties":{"a":{"type":"integer"}},"type":"object","additionalProperties":{"type":"boolean"}}""", "{\"a\":1,\"x\":true,\"y\":false}|{\"ab\":true}", "{\"a\":true}|{\"x\":1}|{\"x\":true,\"x\":true}|{\"x\":true,\"\\u0078\":true}|{\"é\":true,\"\\u00e9\":true}" },
        { """{"type":"object","patternProperties":{"^x":{"type":"integer"},"y$":{"maximum":5}},"additionalProperties":false}""", "{\"xa\":9,\"xy\":5,\"y\":1}", "{\"xy\":6}|{\"z\":1}" },
        { """{"type":"object","patternProperties":{"^[ab]$":{}},"additionalProperties":false,"minProperties":2}""", "{\"b\":1,\"a\":2}", "{\"a\":1}|{\"a\":1,\"a\":2}|{\"a\":1,\"b\":1,\"c\":1}" },
        { """{"type":"object","propertyNames":{"pattern":"^[a-z]+$"},"maxProperties":2}""", "{}|{\"a\":1,\"b\":2}", "{\"A\":1}|{\"a\":1,\"b\":2,\"c\":3}" },
        { """{"type":"object","required":["r","s"],"properties":{"p":true}}""", "{\"p\":1,\"x\":0,\"s\":1,\"r\":2}", "{\"p\":1,\"r\":1}" },
        { """{"type":"object","properties":{"a":true,"b":true},"dependentRequired":{"a":["b"]},"additionalProperties":false}""", "{}|{\"b\":1}|{\"a\":1,\"b\":2}", "{\"a\":1}" },
        { """{"type":"array","items":{"type":"integer"},"minItems":1,"maxItems":2}""", "[1]|[1,2]", "[]|[1,2,3]|[true]" },
        { """{"type":"array","prefixItems":[{"const":1},{"const":2}],"items":false,"minItems":1}""", "[1]|[1,2]", "[2]|[1,2,3]" },
        { """{"type":"array","contains":{"const":5},"items":{"type":"integer"},"maxItems":3}""", "[5]|[1,5]|[1,2,5]", "[1]|[1,2,3]|[]" },
        { """{"type":"array","prefixItems":[{"type":"string"}],"contains":{"type":"integer"}}""", "[\"a\",1]|[\"a\",null,2]", "[1]|[\"a\"]|[\"a\",\"b\"]" },
        { """{"type":"array","contains":{"type":"string"},"minContains":2,"maxContains":2,"items":{"type":["string","null"]}}""", "[\"a\",\"b\"]|[null,\"a\",null,\"a\",null]", "[\"a\"]|[\"a\",\"b\",\"c\"]" },
        { """{"type":"array","allOf":[{"contains":{"const":1}},{"contains":{"minimum":5}}],"items":{"type":"integer"},"maxItems":3}""", "[1,5]|[7,1]|[0,1,9]", "[1]|[5]|[1,2,3]|[5,5,5]" },
        { """{"type":"array","items":{"enum":["a","b",1,null]},"uniqueItems":true,"minItems":2}""", "[\"a\",\"b\"]|[1,null,\"b\",\"a\"]", "[\"a\"]|[\"a\",\"a\"]|[1,1]|[\"a\",\"b\",1,null,\"b\"]" },
        { """{"type":"array","items":{"type":"string","maxLength":2},"uniqueItems":true}""", "[]|[\"a\",\"b\",\"ab\"]|[\"\",\"a\"]", "[\"a\",\"b\",\"a\"]|[\"a\",\"\\u0061\"]|[\"é\",\"\\u00e9\"]" },
        { """{"type":"array","items":{"type":["number","boolean"]},"uniqueItems":true}""", "[1,2.5,true,false]|[0,1]", "[1,1.0]|[10,1e1]|[0,-0]|[true,true]|[2.5,25e-1]" },
        { """{"type":"array","items":{"type":"array","items":{"type":"boolean"},"uniqueItems":true},"maxItems":2}""", "[[true],[true]]", "[[true,true]]" },
        { """{"type":"object","patternProperties":{"^[ab]$":{}},"additionalProperties":false,"minProperties":1,"maxProperties":3}""", "{\"a\":1}|{\"b\":1,\"a\":1}", "{}|{\"a\":1,\"b\":2,\"c\":3}" },
        { """{"type":"object","properties":{"foo":{"type":"string"}},"allOf":[{"unevaluatedProperties":true}],"unevaluatedProperties":false}""", "{\"foo\":\"a\",\"bar\":1}", "{\"foo\":1}" },
        { """{"type":"object","anyOf":[{"properties":{"a":{"const":1}},"required":["a"]},{"properties":{"b":{"const":2}},"required":["b"]}],"unevaluatedProperties":false}""", "{\"a\":1}|{\"a\":1,\"b\":2}", "{\"a\":1,\"b\":3}|{\"c\":1}" },
        { """{"dependentSchemas":{"a":true,"b":false},"type":"object"}""", "{\"a\":1}|{}", "{\"b\":1}|{\"a\":1,\"b\":1}" },
        { """{"type":"string","oneOf":[{"minLength":2},{"maxLength":4}]}""", "\"a\"|\"abcde\"", "\"ab\"|\"abcd\"" },
        { """{"anyOf":[{"type":"object","properties":{"k":{"const":"a"},"v":{"type":"integer"}},"required":["k","v"]},{"type":"object","properties":{"k":{"const":"b"},"v":{"type":"string"}},"required":["k","v"]}]}""", "{\"k\":\"a\",\"v\":1}|{\"k\":\"b\",\"v\":\"x\"}", "{\"k\":\"a\",\"v\":\"x\"}|{\"k\":\"b\",\"v\":1}" },
        { """{"oneOf":[{"type":"object","required":["a"]},{"type":"object","required":["b"]}]}""", "{\"a\":1}|{\"b\":1}", "{\"a\":1,\"b\":1}|{}" },
        { """{"oneOf":[{"type":"integer","minimum":3},{"type":"integer","maximum":5}]}""", "2|6", "3|5" },
        { """{"allOf":[{"type":"object","properties":{"a":{"minimum":2}},"required":["a"]},{"properties":{"a":{"type":"integer","maximum":4}},"additionalProperties":false}]}""", "{\"a\":3}", "{\"a\":5}|{\"a\":3,\"b\":1}|{}" },
        { """{"type":"string","not":{"enum":["a","b"]}}""", "\"c\"|\"ab\"|\"\"", "\"a\"|\"b\"" },
        { """{"type":"object","properties":{"t":{"enum":["x","y"]},"n":{"type":"integer"}},"required":["t"],"if":{"properties":{"t":{"const":"x"}}},"then":{"required":["n"]},"additionalProperties":false}""", "{\"t\":\"x\",\"n\":1}|{\"t\":\"y\"}", "{\"t\":\"x\"}" },
        { """{"type":"object","not":{"patternProperties":{"^x":{"type":"integer"}}}}""", "{\"x\":\"a\"}|{\"a\":1,\"xb\":true}|{\"x\":1,\"xx\":null,\"y\":2}", "{}|{\"x\":1}|{\"a\":true,\"x\":2}" },
        { """{"type":"object","not":{"propertyNames":{"enum":["a","b"]}}}""", "{\"c\":1}|{\"a\":1,\"\":2}", "{}|{\"a\":1}|{\"b\":1,\"a\":2}" },
        { """{"type":"object","not":{"propertyNames":{"not":{"enum":["1","3"]}}},"additionalProperties":{"type":"array"},"maxProperties":2}""", "{\"1\":[]}|{\"a\":[],\"3\":[1]}|{\"3\":[],\"1\":[]}", "{}|{\"a\":[]}|{\"a\":[],\"b\":[]}|{\"1\":1}" },
        { """{"type":"object","properties":{"a":true},"not":{"properties":{"a":true},"additionalProperties":{"type":"string"}},"maxProperties":2}""", "{\"b\":1}|{\"a\":1,\"b\":1}|{\"b\":\"x\",\"c\":0}", "{}|{\"a\":1}|{\"b\":\"x\"}|{\"b\":\"x\",\"c\":\"y\"}" },
        { """{"type":"object","maxProperties":1,"allOf":[{"not":{"patternProperties":{"a":{"type":"integer"}}}},{"not":{"patternProperties":{"b":{"const":"x"}}}}]}""", "{\"ab\":true}|{\"ba\":\"y\"}", "{}|{\"a\":true}|{\"ab\":1}|{\"ab\":\"x\"}" },
        { """{"type":"object","required":["xa"],"properties":{"xa":{"type":["integer","null"]}},"not":{"patternProperties":{"^x":{"type":"integer"}}},"maxProperties":1}""", "{\"xa\":null}", "{\"xa\":1}|{}" },
        { """{"type":"object","not":{"dependentSchemas":{"a":{"required":["b"]}}}}""", "{\"a\":1}|{\"c\":1,\"a\":2}", "{}|{\"b\":1}|{\"a\":1,\"b\":2}" },
        { """{"type":"object","patternProperties":{"a":{"type":"string"}},"not":{"patternProperties":{"a":{"not":{"pattern":"9"}}}}}""", "{\"a\":\"99\"}|{\"za\":\"1\",\"b\":0,\"a\":\"9\"}", "{\"a\":\"1\"}|{\"b\":1}|{\"a\":9}" },
        { """{"$ref":"#/$defs/tree","$defs":{"tree":{"type":"object","properties":{"c":{"type":"array","items":{"$ref":"#/$defs/tree"}}},"additionalProperties":false}}}""", "{}|{\"c\":[{},{\"c\":[]}]}", "{\"c\":[1]}" },
        { """{"type":"object","properties":{"a":true},"allOf":[{"properties":{"b":true}}],"unevaluatedProperties":false}""", "{\"a\":1,\"b\":2}|{\"b\":2,\"a\":1}", "{\"c\":1}" },
    };

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Given_a_schema_then_valid_texts_are_allowed_and_no_others(string schema, string valid, string invalid)
    {
        var constraint = Rules.Schema(schema);

        Assert.Empty(constraint.Unenforced);
        Assert.All(valid.Split('|'), text => Assert.True(Rules.Allows(constraint, text), text));
        Assert.All(invalid.Split('|'), text => Assert.False(Rules.Allows(constraint, text), text));
    }

    [Theory]
    [InlineData("""{"type":"string","format":"regex"}""", "format", "#/format")]
    [InlineData("""{"type":"string","pattern":"(?<=a)b"}""", "pattern", "#/pattern")]
    [InlineData("""{"items":{"uniqueItems":true}}""", "uniqueItems", "#/items/uniqueItems")]
    [InlineData("""{"type":"array","prefixItems":[{"const":1},{"type":"integer"}],"uniqueItems":true}""", "uniqueItems", "#/uniqueItems")]
    [InlineData("""{"type":"array","items":{"type":"integer"},"contains":{"multipleOf":2},"maxContains":1}""", "contains", "#/contains")]
    [InlineData("""{"type":"array","contains":{"type":"object","unevaluatedProperties":{"type":"integer"}},"maxContains":1}""", "contains", "#/contains")]
    [InlineData("""{"type":"object","required":["a"],"properties":{"a":{"type":"integer"}},"not":{"properties":{"a":{"multipleOf":2}}}}""", "a", "#/not/properties/a")]
    public void Given_what_no_mask_can_do_then_it_is_named(string schema, string keyword, string location)
    {
        var found = Assert.Single(Rules.Schema(schema).Unenforced);
        Assert.Equal((keyword, location), (found.Name, found.Location));
    }

    [Theory]
    [InlineData("""{"type":"integer","enum":["a"]}""", "#")]
    [InlineData("""{"$ref":"#"}""", "#")]
    [InlineData("""{"allOf":[{"$ref":"#"}]}""", "#")]
    [InlineData("""{"properties":{"a":{"$ref":"other.json"}}}""", "#/properties/a")]
    [InlineData("""{"properties":{"a":{"type":"text"}}}""", "#/properties/a/type")]
    [InlineData("""{"type":"object","properties":{"a":{"$ref":"#"}},"required":["a"]}""", "#")]
    [InlineData("""{"$dynamicRef":"#a"}""", "#/$dynamicRef")]
    [InlineData("""{"type":"object","patternProperties":{"^[ab]$":{}},"additionalProperties":false,"minProperties":3}""", "#")]
    [InlineData("""{"type":"array","items":{"type":"boolean"},"uniqueItems":true,"minItems":3}""", "#")]
    [InlineData("""{"type":"object","propertyNames":{"enum":["a","b"]},"minProperties":3}""", "#")]
    public void Given_what_cannot_be_then_it_is_refused_with_its_place(string schema, string location) =>
        Assert.Equal(location, Assert.Throws<ConstraintException>(() => Rules.Schema(schema)).Location);

    [Fact]
    public void Given_a_schema_that_grows_without_end_then_it_is_refused()
    {
        var pair = string.Join(',', Enumerable.Range(0, 12).Select(i => $$"""{"anyOf":[{"required":["a{{i}}"]},{"required":["b{{i}}"]}]}"""));
        Assert.Throws<ConstraintException>(() => Rules.Schema($$"""{"type":"object","allOf":[{{pair}}]}"""));
    }

    [Fact]
    public void Given_integers_of_64_bits_then_no_other_is_allowed_and_numbers_are_as_they_were()
    {
        const string schema = """{"type":"object","properties":{"a":{"type":["integer","null"]},"b":{"type":"number"}}}""";
        const string large = """{"a":9223372036854775808,"b":9223372036854775808}""";
        Assert.True(Rules.Allows(Rules.Schema(schema), large));
        var limited = Rules.Schema(schema, new() { IntegersOf64Bits = true });
        Assert.False(Rules.Allows(limited, large));
        Assert.True(Rules.Allows(limited, """{"a":-9223372036854775808,"b":9223372036854775808}"""));
        Assert.True(Rules.Allows(limited, """{"a":null,"b":1e2}"""));
    }

    [Fact]
    public void Given_any_order_then_properties_stand_in_any()
    {
        var constraint = Rules.Schema("""{"properties":{"a":true,"b":true},"required":["a","b"],"type":"object"}""", new() { PropertyOrder = PropertyOrder.Any });
        Assert.True(Rules.Allows(constraint, "{\"b\":1,\"a\":2}"));
        Assert.False(Rules.Allows(constraint, "{\"b\":1}"));
    }

    [Theory]
    [InlineData(true, "[1, 2]|[\n    1,\n    2\n]| [1,2]", "[1,  2]|[1,2] |[1,\n         2]")]
    [InlineData(false, "[1,2]", "[1, 2]|[\n1,2]")]
    public void Given_whitespace_then_it_is_bounded(bool isAllowed, string valid, string invalid)
    {
        var constraint = Rules.Schema("""{"type":"array","items":{"type":"integer"}}""", new() { AllowWhitespace = isAllowed });
        Assert.All(valid.Split('|'), text => Assert.True(Rules.Allows(constraint, text), text));
        Assert.All(invalid.Split('|'), text => Assert.False(Rules.Allows(constraint, text), text));
    }

    [Fact]
    public void Given_an_expression_or_choices_then_they_are_the_whole_output()
    {
        var regex = Constraint.ForRegex("[a-c]{2}é?", Rules.Tokens);
        Assert.True(Rules.Allows(regex, "abé") && Rules.Allows(regex, "ca"));
        Assert.False(Rules.Allows(regex, "a") || Rules.Allows(regex, "abc"));
        var choices = Constraint.ForChoices(["yes", "yes sir", "no"], Rules.Tokens);
        Assert.True(Rules.Allows(choices, "yes") && Rules.Allows(choices, "yes sir"));
        Assert.False(Rules.Allows(choices, "ye"));
        Assert.Throws<ConstraintException>(() => Constraint.ForChoices([], Rules.Tokens));
        Assert.Throws<ConstraintException>(() => Constraint.ForRegex("(", Rules.Tokens));
    }

    [Fact]
    public void Given_bytes_that_are_no_UTF8_then_they_are_not_allowed()
    {
        var rule = Rules.Schema("""{"type":"string"}""").Begin();
        Assert.True(rule.Take('"'));
        Assert.False(rule.Take(0x80) || rule.Take(0xC0) || rule.Take(0xF5));
        Assert.True(rule.Take(0xED));
        Assert.False(rule.Take(0xA0));
        Assert.True(rule.Take(0x9F));
        Assert.False(rule.Take('"'));
        Assert.True(rule.Take(0xBF) && rule.Take('"') && rule.IsOver);
    }

    [Fact]
    public void Given_a_schema_that_contains_itself_then_no_document_is_deeper_than_is_read()
    {
        var arrays = Rules.Schema("""{"type":"array","items":{"$ref":"#"}}""");
        Assert.True(Rules.Allows(arrays, new string('[', 64) + new string(']', 64)));
        Assert.False(Rules.Allows(arrays, new string('[', 65) + new string(']', 65)));
        var tree = Rules.Schema("""{"type":"object","properties":{"c":{"type":"array","items":{"$ref":"#"}}},"additionalProperties":false}""");
        var deep = string.Concat(Enumerable.Repeat("{\"c\":[", 31));
        Assert.True(Rules.Allows(tree, deep + "{\"c\":[]}" + string.Concat(Enumerable.Repeat("]}", 31))));
        Assert.False(Rules.Allows(tree, deep + "{\"c\":[{}]}" + string.Concat(Enumerable.Repeat("]}", 31))));
        var chain = string.Join(',', Enumerable.Range(0, 65).Select(n => $$"""
            "a{{n}}":{"type":"array","minItems":1,"items":{{(n < 64 ? $$"""{"$ref":"#/$defs/a{{n + 1}}"}""" : "true")}}}
            """));
        var nested = """{"$ref":"#/$defs/a0","$defs":{""" + chain + "}}";
        Assert.Contains("64 objects and arrays", Assert.Throws<ConstraintException>(() => Rules.Schema(nested)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Given_one_continuation_then_it_is_forced()
    {
        var rule = Rules.Schema("""{"type":"object","properties":{"name":{"const":"x"}},"required":["name"],"additionalProperties":false}""", new() { AllowWhitespace = false }).Begin();
        var forced = new int[64];
        var count = rule.Forced(forced);
        Assert.StartsWith("{\"name\":\"x", Encoding.UTF8.GetString([.. forced.Take(count).SelectMany(token => Rules.Bytes[token])]), StringComparison.Ordinal);
    }
}
