using System.Text;
using System.Text.Json;
using FlexGen.Dataflow.Checks.Schema;
using FlexGen.Files;
using FlexGen.Schemas;

namespace FlexGen.Dataflow.Checks;

/// <summary>The JSON schema that outputs must keep to.</summary>
public sealed class OutputSchema
{
    private static readonly JsonDocumentOptions ofSchemas = new() { MaxDepth = 512, AllowDuplicateProperties = false };
    private static readonly JsonDocumentOptions ofOutputs = new() { MaxDepth = 64, AllowDuplicateProperties = false };

    private const int LargestSchema = 64 << 20;

    private readonly TimeProvider time;

    private OutputSchema(JsonElement schema, SchemaNode root, TimeProvider time)
    {
        Root = root;
        Keywords = [.. KeywordsOf(schema, "")];
        this.time = time;
    }

    /// <summary>What it asks of the whole value.</summary>
    internal SchemaNode Root { get; }

    /// <summary>Where the keywords stand that say something about values, as JSON pointers.</summary>
    public IReadOnlyList<string> Keywords { get; }

    /// <exception cref="PipelineDefinitionException">There is no such file, it is no JSON schema, or it uses what would be ignored.</exception>
    public static async Task<OutputSchema> ReadAsync(string path, TimeProvider time, CancellationToken cancellationToken)
    {
        try
        {
            using var reader = new StreamReader(new MemoryStream(RegularFile.ReadAll(path, LargestSchema)));
            return Parse(await reader.ReadToEndAsync(cancellationToken), SchemaDialect.Undeclared, time);
        }
        catch (SchemaException e)
        {
            throw new PipelineDefinitionException($"output.schema: in {path}, {e.Message}.", e);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            throw new PipelineDefinitionException($"output.schema: cannot use {path} as a JSON schema: {Excerpt.OfBytes(e.Message)}", e);
        }
    }

    /// <param name="json">The schema.</param>
    /// <param name="undeclared">How it is read where it does not say.</param>
    /// <param name="time">Bounds the time that patterns may take.</param>
    /// <exception cref="SchemaException">It is no JSON schema, or it uses what would be ignored.</exception>
    internal static OutputSchema Parse(string json, SchemaDialect undeclared, TimeProvider time)
    {
        CheckEscapes(json, ofSchemas.MaxDepth);
        using var document = JsonDocument.Parse(json, ofSchemas);
        var schema = document.RootElement.Clone();
        return new OutputSchema(schema, SchemaReader.Read(schema, undeclared), time);
    }

    /// <summary>Reads a schema that is no file.</summary>
    /// <param name="json">The schema.</param>
    /// <param name="time">Bounds the time that patterns may take.</param>
    /// <exception cref="PipelineDefinitionException">It is no JSON schema, or it uses what would be ignored.</exception>
    public static OutputSchema Parse(string json, TimeProvider time)
    {
        try
        {
            return Parse(json, SchemaDialect.Undeclared, time);
        }
        catch (Exception e) when (e is SchemaException or JsonException)
        {
            throw new PipelineDefinitionException($"the schema cannot be used: {Excerpt.OfBytes(e.Message)}.", e);
        }
    }

    /// <summary>Holds a text against it.</summary>
    /// <exception cref="RecordException">The text is not one JSON value, not of the schema, or cannot be checked in bounded time.</exception>
    public void Check(string text)
    {
        using var document = Parse(text);
        var budget = new CheckBudget(time);
        if (!new SchemaCheck(budget, null).Holds(Root, document.RootElement))
        {
            var violations = new Violations();
            new SchemaCheck(new CheckBudget(time), violations).Holds(Root, document.RootElement);
            throw new RecordException("schema_violation", $"the output does not keep to the schema: {violations}.");
        }
    }

    private static IEnumerable<string> KeywordsOf(JsonElement schema, string location) => schema.ValueKind != JsonValueKind.Object ? [] : schema
        .EnumerateObject()
        .Where(keyword => SchemaKeywords.IsEnforced(keyword.Name) && keyword.Name is not ("definitions" or "$defs" or "$anchor"))
        .Select(keyword => "#" + SchemaShape.Below(location, keyword.Name))
        .Concat(SchemaShape.Children(schema, location).SelectMany(child => KeywordsOf(child.Schema, child.Location)));

    private static JsonDocument Parse(string text)
    {
        try
        {
            CheckEscapes(text, ofOutputs.MaxDepth);
            return JsonDocument.Parse(text, ofOutputs);
        }
        catch (Exception e) when (e is JsonException or ArgumentException)
        {
            // The latter: half a character as it stands.
            throw new RecordException("invalid_json", $"the output is not one JSON value: {Excerpt.Of(e.Message, 300)}");
        }
    }

    // The reader leaves an escape that is half a character until its text is asked for.
    private static void CheckEscapes(string text, int depth)
    {
        if (!text.Contains(@"\u", StringComparison.Ordinal))
        {
            return;
        }

        var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(text), new JsonReaderOptions { MaxDepth = depth });
        while (reader.Read())
        {
            if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName && reader.ValueIsEscaped)
            {
                CheckText(ref reader);
            }
        }
    }

    private static void CheckText(ref Utf8JsonReader reader)
    {
        try
        {
            reader.GetString();
        }
        catch (InvalidOperationException e)
        {
            throw new JsonException($"the escapes at byte {reader.TokenStartIndex} are no text: {e.Message}", e);
        }
    }
}
