using System.IO.Compression;
using System.Text.Json;
using FlexGen.Dataflow.Checks;
using FlexGen.Dataflow.Checks.Schema;
using FlexGen.Schemas;
using FlexGen.Testing;

namespace FlexGen.Dataflow.Tests.Checks;

/// <summary>Schemas as people write them, with values that are marked as valid or not.</summary>
public sealed class PublicSchemaTests
{
    private static readonly string path = Path.GetFullPath(Path.Combine(Repository.Root, "../shared/schemas/sample.jsonl.gz"));

    [Fact]
    public async Task Values_are_judged_as_they_are_marked()
    {
        if (!File.Exists(path))
        {
            Assert.Skip($"there is no {path}.");
        }

        var schemas = 0;
        var refused = 0;
        var values = 0;
        var wrong = new List<string>();
        using var reader = new StreamReader(new GZipStream(File.OpenRead(path), CompressionMode.Decompress));
        while (await reader.ReadLineAsync() is { } line)
        {
            schemas++;
            var sample = JsonElement.Parse(line);
            try
            {
                var schema = OutputSchema.Parse(sample.GetProperty("schema").GetRawText(), SchemaDialect.Undeclared, TimeProvider.System);
                var tests = sample.GetProperty("tests").EnumerateArray().ToList();
                values += tests.Count;
                var misjudged = tests.Where(test => IsOf(schema, test.GetProperty("data")) != test.GetProperty("valid").GetBoolean());
                wrong.AddRange(misjudged.Select(test => $"{sample.GetProperty("name")}: {test}"));
            }
            catch (SchemaException)
            {
                refused++;
            }
        }

        TestContext.Current.SendDiagnosticMessage($"{values - wrong.Count} of {values} marks agreed; {refused} of {schemas} schemas refused");
        Assert.Empty(wrong);
        // Misspelt keywords, those of tools, and formats of their own.
        Assert.InRange(refused, 0, schemas / 5);
    }

    private static bool IsOf(OutputSchema schema, JsonElement value)
    {
        try
        {
            schema.Check(value.GetRawText());
            return true;
        }
        catch (RecordException e) when (e.Reason == "schema_violation")
        {
            return false;
        }
    }
}
