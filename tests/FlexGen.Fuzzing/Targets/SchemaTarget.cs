using System.Text;
using System.Text.Json;
using FlexGen.Dataflow;
using FlexGen.Dataflow.Checks;
using FlexGen.Schemas;

namespace FlexGen.Fuzzing.Targets;

/// <summary>Compiles a JSON schema and holds outputs against it: a few that stay, and the schema's own text.</summary>
internal sealed class SchemaTarget : FuzzTarget
{
    private static readonly string[] outputs =
        ["""{"name": "Ada", "amount": 12.50, "more": [1, [2], {"a": null}]}""", "[1, 1.0, \"2026-01-01\", 1e400]", "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!\"", "-0"];

    public override string Name => "schema";

    public override IEnumerable<byte[]> Seeds() =>
    [
        File.ReadAllBytes(Path.Combine(Repository.Root, "pipelines", "demo", "record.schema.json")),
        """
        {"$defs": {"n": {"anyOf": [{"type": "integer", "multipleOf": 0.5, "minimum": -1}, {"type": "null"}]}}, "type": "object",
         "properties": {"name": {"type": "string", "pattern": "^[A-Z]\\w+$", "maxLength": 9, "format": "date-time"}, "more": {"items": {"$ref": "#/$defs/n"}, "uniqueItems": true}},
         "required": ["name"], "additionalProperties": false, "patternProperties": {"^a": {"enum": [1, "x", null, {"a": [1.0]}]}}, "if": {"minProperties": 2}, "then": {"not": {"const": 3}}}
        """u8.ToArray(),
    ];

    public override byte[] Mutate(byte[] seed, byte[] other, Random random) => JsonMutation.Of(seed, other, random);

    protected override void Read(byte[] input)
    {
        var text = Encoding.UTF8.GetString(input);
        var schema = OutputSchema.Parse(text, SchemaDialect.Undeclared, TimeProvider.System);
        foreach (var output in outputs.Append(text))
        {
            Check(schema, output);
        }
    }

    // What is no JSON at all is refused by the reader of the file, with its name.
    protected override bool IsRefusal(Exception e) => base.IsRefusal(e) || e is JsonException;

    private static void Check(OutputSchema schema, string output)
    {
        try
        {
            schema.Check(output);
        }
        catch (RecordException)
        {
            // One output's verdict is not the schema's.
        }
    }
}
