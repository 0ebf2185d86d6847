using System.Text.Json;
using FlexGen.Dataflow.Checks;
using FlexGen.Dataflow.Checks.Schema;
using FlexGen.Schemas;
using FlexGen.Testing;

namespace FlexGen.Dataflow.Tests.Checks;

/// <summary>
/// JSON Schema's own tests of draft 7 and 2020-12: a schema is taken and judged as they say, or refused by the name of what is not taken.
/// </summary>
public sealed class OfficialSuiteTests
{
    /// <summary>Where .ci/run unpacks them.</summary>
    private static readonly string folder = Path.Combine(
        Repository.Root, "artifacts/json-schema-test-suite/usr/share/perl5/auto/share/dist/Test-JSON-Schema-Acceptance/tests");

    /// <summary>What a refusal may name: keywords that are not taken, schemas of other files, and formats.</summary>
    private static readonly string[] refused =
    [
        "/$dynamicRef is a keyword", "/$dynamicAnchor is a keyword", "/contentMediaType is a keyword", "/contentEncoding is a keyword",
        "/unknown-keyword is a keyword", "/array_of_schemas is a keyword", "is outside the file", "/$schema is", "which would be ignored. Known",
    ];

    /// <summary>A format is enforced here, which the specification leaves open.</summary>
    private const string Annotation = "is only an annotation by default";

    public static TheoryData<string> Files()
    {
        var files = new TheoryData<string>();
        foreach (var draft in Directory.Exists(folder) ? ["draft7", "draft2020-12"] : Array.Empty<string>())
        {
            foreach (var file in Directory.EnumerateFiles(Path.Combine(folder, draft), "*.json", SearchOption.AllDirectories).Order())
            {
                files.Add(Path.GetRelativePath(folder, file));
            }
        }

        if (files.Count == 0)
        {
            files.Add("");
        }

        return files;
    }

    [Theory]
    [MemberData(nameof(Files))]
    public async Task Each_schema_is_judged_as_the_specification_says_or_refused_by_name(string file)
    {
        if (file.Length == 0)
        {
            Assert.Skip($"JSON Schema's own tests are not in {folder}: .ci/run fetches them.");
        }

        var text = await File.ReadAllTextAsync(Path.Combine(folder, file));
        var undeclared = file.StartsWith("draft7", StringComparison.Ordinal)
            ? SchemaDialect.Of("http://json-schema.org/draft-07/schema#")!
            : SchemaDialect.Undeclared;
        var wrong = new List<string>();
        foreach (var group in text.Length == 0 ? [] : JsonElement.Parse(text).EnumerateArray().ToArray())
        {
            try
            {
                var schema = OutputSchema.Parse(group.GetProperty("schema").GetRawText(), undeclared, TimeProvider.System);
                var misjudged = group.GetProperty("tests").EnumerateArray().Where(test => !IsJudged(schema, test));
                wrong.AddRange(misjudged.Select(test => $"{group.GetProperty("description")}: {test}"));
            }
            catch (SchemaException e)
            {
                if (!refused.Any(name => e.Message.Contains(name, StringComparison.Ordinal)))
                {
                    wrong.Add($"{group.GetProperty("description")}: {e.Message}");
                }
            }
        }

        Assert.Empty(wrong);
    }

    private static bool IsJudged(OutputSchema schema, JsonElement test)
    {
        var isValid = test.GetProperty("valid").GetBoolean();
        try
        {
            schema.Check(test.GetProperty("data").GetRawText());
            return isValid;
        }
        catch (RecordException e)
        {
            return e.Reason == "schema_violation" && (!isValid || test.GetProperty("description").GetString()!.Contains(Annotation, StringComparison.Ordinal));
        }
    }
}
