using System.Text;
using System.Text.Json;
using FlexGen.Dataflow.Checks;
using FlexGen.Dataflow.Checks.Schema;
using FlexGen.Dataflow.Kafka.Sink;
using FlexGen.Dataflow.Records;
using FlexGen.Dataflow.Results;
using FlexGen.Dataflow.Tests.Support;
using FlexGen.Schemas;
using Record = FlexGen.Dataflow.Records.Record;

namespace FlexGen.Dataflow.Tests.Results;

public sealed class ResultColumnsTests : IDisposable
{
    private const string Rich = """
        {
          "type": "object", "additionalProperties": false, "required": ["name", "count", "lines"],
          "properties": {
            "name": { "type": "string" },
            "count": { "type": "integer" },
            "price": { "type": ["number", "null"] },
            "paid": { "type": "boolean" },
            "day": { "anyOf": [{ "type": "string", "format": "date" }, { "type": "null" }] },
            "kind": { "enum": ["a", "b", null] },
            "place": { "$ref": "#/$defs/place" },
            "lines": {
              "type": "array",
              "items": {
                "type": "object", "additionalProperties": false, "required": ["what"],
                "properties": { "what": { "type": "string" }, "tags": { "type": ["array", "null"], "items": { "type": ["string", "null"] } } }
              }
            }
          },
          "$defs": { "place": { "type": "object", "required": ["city"], "properties": { "city": { "type": "string" }, "at": { "type": "array", "items": { "type": "number" } } } } }
        }
        """;

    private readonly Workplace place = new();

    public void Dispose() => place.Dispose();

    [Theory]
    [InlineData("true")]
    [InlineData("only")]
    public async Task Properties_are_columns_of_their_types_which_another_reader_reads(string columns)
    {
        await File.WriteAllTextAsync(Path.Combine(place.Root, "schema.json"), Rich.Replace("\"required\": [\"city\"]", "\"additionalProperties\": false, \"required\": [\"city\"]", StringComparison.Ordinal));
        string[] outputs =
        [
            """{"name":"Ada","count":3,"price":1.5,"paid":true,"day":"2026-11-27","kind":"a","place":{"city":"Turin","at":[1,2.5]},"lines":[{"what":"x","tags":["r",null]},{"what":"y","tags":[]},{"what":"z"},{"what":"w","tags":null}]}""",
            """{"name":"","count":-4e2,"price":null,"day":null,"kind":null,"lines":[]}""",
            """{"name":"é\u20ac","count":9007199254740993,"day":"0000-02-29","place":{"city":"Bonn"},"lines":[{"what":"q","tags":["s"]}]}""",
            """{"name":"many","count":12345678901234567890,"lines":[]}""",
        ];
        place.WriteSource($"SELECT * FROM (VALUES {string.Join(", ", outputs.Select((output, n) => $"({n}, '{output}')"))}) t(id, text)");
        var options = place.Options();
        options.Output = new OutputOptions { Schema = "schema.json", Columns = columns };
        await place.RunAsync(options);
        Assert.Equal(
        [
            "id INTEGER", "text VARCHAR", "name VARCHAR", "count BIGINT", "price DOUBLE", "paid BOOLEAN", "day DATE", "kind VARCHAR",
            "place STRUCT(city VARCHAR, \"at\" DOUBLE[])", "lines STRUCT(what VARCHAR, tags VARCHAR[])[]",
            .. columns == "only" ? Array.Empty<string>() : ["output VARCHAR"],
            "finish_reason VARCHAR", "prompt_tokens INTEGER", "completion_tokens INTEGER",
        ],
            Duck.Column($"SELECT column_name || ' ' || column_type FROM (DESCRIBE SELECT * FROM '{place.OutFiles}')"));
        Assert.Equal(
        [
            "Ada|3|1.5|true|2026-11-27|a|{'city': Turin, 'at': [1.0, 2.5]}|[{'what': x, 'tags': [r, NULL]}, {'what': y, 'tags': []}, {'what': z, 'tags': NULL}, {'what': w, 'tags': NULL}]",
            "|-400|-|-|-|-|-|[]",
            "é€|9007199254740993|-|-|0001-02-29 (BC)|-|{'city': Bonn, 'at': NULL}|[{'what': q, 'tags': [s]}]",
        ],
            Duck.Column($"""
                SELECT concat_ws('|', name, count, coalesce(price::VARCHAR, '-'), coalesce(paid::VARCHAR, '-'), coalesce(day::VARCHAR, '-'), coalesce(kind, '-'),
                  coalesce(place::VARCHAR, '-'), lines::VARCHAR) FROM '{place.OutFiles}' ORDER BY id
                """));
        Assert.Equal(["3 value_out_of_range"], Duck.Column($"SELECT id || ' ' || error_reason FROM '{place.ErrorFiles}'"));
        Assert.Equal(outputs[3], Duck.Column($"SELECT output FROM '{place.ErrorFiles}'")[0]);
        // The same folder goes on, and another would have other columns.
        await place.RunAsync(options);
        options.Output.Columns = "false";
        Assert.Contains("out", await place.RefusalAsync(options), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"type":"array","items":{"type":"string"}}""", "# allows values that are no objects")]
    [InlineData("""{"type":["object","null"],"properties":{"a":{"type":"string"}}}""", "# allows values that are no objects")]
    [InlineData("""{"type":"object"}""", "# has no fixed set of properties: name all of them")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"string"}},"additionalProperties":true}""", "# has no fixed set of properties, but additionalProperties")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"object","properties":{"b":{"type":"string"}},"patternProperties":{"^x":{}}}}}""", "#/properties/a has no fixed set of properties, but patternProperties")]
    [InlineData("""{"type":"object","properties":{"a":{"type":["string","number"]}}}""", "#/properties/a has several types (string, number, integer)")]
    [InlineData("""{"type":"object","properties":{"a":{}}}""", "#/properties/a has no type, and a column has one")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"null"}}}""", "#/properties/a has no type but null")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"array"}}}""", "#/properties/a is a list without one schema for all its items")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"array","prefixItems":[{"type":"string"}]}}}""", "#/properties/a is a list without one schema")]
    [InlineData("""{"type":"object","properties":{"a":{"$ref":"#"}}}""", "#/properties/a contains itself")]
    [InlineData("""{"type":"object","properties":{"a":{"anyOf":[{"type":"string"},{"type":"integer"}]}}}""", "#/properties/a has no type, and a column has one")]
    [InlineData("""{"type":"object","properties":{"a":{"const":[1]}}}""", "#/properties/a is a list without one schema")]
    public void A_schema_without_a_fixed_set_of_typed_properties_is_refused_by_name(string schema, string expected) =>
        Assert.StartsWith(expected, Assert.Throws<SchemaException>(() => Columns(schema)).Message, StringComparison.Ordinal);

    [Fact]
    public void Columns_alone_need_a_closed_schema()
    {
        const string open = """{"type":"object","properties":{"a":{"type":"string"}}}""";
        Assert.Equal(["a"], Columns(open).Schema.Names);
        Assert.StartsWith("# allows properties that it does not name, of which columns alone would lose", Assert.Throws<SchemaException>(() => Columns(open, isOnly: true)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("text", "the source has a column 'text', which is also a property of the schema")]
    [InlineData("ID", "the source has a column 'id', which is also a property of the schema")]
    [InlineData("output", "sink adds a column 'output', which is also a property of the schema")]
    [InlineData("finish_reason", "sink adds a column 'finish_reason', which is also a property")]
    [InlineData("a\":{\"type\":\"string\"},\"A", "the schema's properties 'a' and 'A' differ in case alone")]
    [InlineData("n\":{\"type\":\"object\",\"properties\":{\"b\":{\"type\":\"string\"},\"B\":{\"type\":\"string\"}}},\"z", "the schema's properties 'b' and 'B' differ in case alone")]
    public async Task Names_that_clash_are_refused(string property, string expected)
    {
        await File.WriteAllTextAsync(Path.Combine(place.Root, "schema.json"), $"{{\"type\":\"object\",\"properties\":{{\"{property}\":{{\"type\":\"string\"}}}}}}");
        place.WriteIds(1);
        var options = place.Options();
        options.Output = new OutputOptions { Schema = "schema.json", Columns = "true" };
        Assert.Contains(expected, await place.RefusalAsync(options), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_schema_that_makes_no_columns_is_refused_with_its_file()
    {
        await File.WriteAllTextAsync(Path.Combine(place.Root, "schema.json"), """{"type":"string"}""");
        place.WriteIds(1);
        var options = place.Options();
        options.Output = new OutputOptions { Schema = "schema.json", Columns = "only" };
        Assert.StartsWith("output.columns: in schema.json, # allows values that are no objects", await place.RefusalAsync(options), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("true")]
    [InlineData("only")]
    public void Properties_are_fields_of_a_message(string columns)
    {
        var output = new OutputOptions { Schema = "s", Columns = columns, Reasoning = true };
        var json = new RecordJson(RowSchema.Empty, isJson: true, isWhole: true, null, output, Columns(Rich));
        var format = new ResultFormat("results", "dead", json);
        var record = new Record(new Assignment("s"), 0, Rows.Empty, 0)
        {
            Message = new() { Value = """{"id": 7}"""u8.ToArray() },
            Completion = new Completion("""{"name": "é", "count": 1.0, "lines": [ {"what": "x"} ]}""", "stop", 3, 2) { Reasoning = "so \"it\" is" },
        };
        var text = record.Completion.Text;
        format.Encode(record);
        var message = Encoding.UTF8.GetString(json.Result(record));
        Assert.StartsWith("""
            {"id": 7,"name":"é","count":1.0,"price":null,"paid":null,"day":null,"kind":null,"place":null,"lines":[ {"what": "x"} ],
            """, message, StringComparison.Ordinal);
        var result = JsonElement.Parse(message);
        Assert.Equal(columns == "true", result.TryGetProperty("output", out var whole) && whole.GetString() == text);
        Assert.Equal("so \"it\" is", result.GetProperty("reasoning").GetString());
        Assert.Equal(2, result.GetProperty("completion_tokens").GetInt32());
        format.Decode(record);
        Assert.Equal(text, record.Completion.Text);
    }

    private static ResultColumns Columns(string schema, bool isOnly = false) =>
        ResultColumns.Of(OutputSchema.Parse(schema, SchemaDialect.Undeclared, TimeProvider.System).Root, isOnly);
}
