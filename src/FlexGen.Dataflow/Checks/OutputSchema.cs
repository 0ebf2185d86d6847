using System.Text;
using System.Text.Json;
using Newtonsoft.Json;
using Newtonsoft.Json.Linq;
using NJsonSchema;

namespace FlexGen.Dataflow.Checks;

/// <summary>The JSON schema that outputs must keep to.</summary>
internal sealed class OutputSchema
{
    private readonly JsonSchema schema;

    private OutputSchema(JsonSchema schema) => this.schema = schema;

    /// <exception cref="PipelineException">There is no such file, it is no JSON schema, or it uses what would be ignored.</exception>
    public static async Task<OutputSchema> ReadAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            var json = await File.ReadAllTextAsync(path, cancellationToken);
            SchemaKeywords.Check(json, path);
            return new OutputSchema(await JsonSchema.FromJsonAsync(json, cancellationToken));
        }
        catch (Exception e) when (e is not (PipelineException or OperationCanceledException))
        {
            throw new PipelineException($"output.schema: cannot use {path} as a JSON schema: {e.Message}", e);
        }
    }

    /// <exception cref="RecordException">The text is not one JSON value, or not of the schema.</exception>
    public void Check(string text)
    {
        CheckIsOneValue(text);
        // The reader of the schema's library would turn texts that look like dates into dates.
        using var reader = new JsonTextReader(new StringReader(text)) { DateParseHandling = DateParseHandling.None, MaxDepth = 64 };
        var errors = schema.Validate(JToken.ReadFrom(reader));
        if (errors.Count > 0)
        {
            throw new RecordException("schema_violation", $"the output does not keep to the schema: {string.Join("; ", errors.Take(5).Select(Describe))}.");
        }
    }

    private static string Describe(NJsonSchema.Validation.ValidationError error) =>
        error.Path is { Length: > 0 } path ? $"{error.Kind} at {path}" : error.Kind.ToString();

    // That library also takes comments, single quotes and what follows the value; JSON has none of these.
    private static void CheckIsOneValue(string text)
    {
        try
        {
            var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(text));
            while (reader.Read())
            {
            }
        }
        catch (System.Text.Json.JsonException e)
        {
            throw new RecordException("invalid_json", $"the output is not one JSON value: {e.Message}");
        }
    }
}
