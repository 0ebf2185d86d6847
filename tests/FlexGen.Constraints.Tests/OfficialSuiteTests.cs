using System.Text.Json;
using FlexGen.Dataflow;
using FlexGen.Dataflow.Checks;
using FlexGen.Testing;
using FlexGen.Testing.Schemas;

namespace FlexGen.Constraints.Tests;

/// <summary>JSON Schema's own tests: the masks allow a valid value, and where all keywords are enforced no other.</summary>
public class OfficialSuiteTests
{
    /// <summary>Where .ci/run unpacks them.</summary>
    private static readonly string folder = Path.Combine(
        Repository.Root, "artifacts/json-schema-test-suite/usr/share/perl5/auto/share/dist/Test-JSON-Schema-Acceptance/tests");

    /// <summary>
    /// What is refused although it is valid: numbers are written plainly, with up to 40 digits, and a second 60 at the end of UTC's day only. What content means
    /// is left to who reads it.
    /// </summary>
    private static readonly string[] narrower =
    [
        "float zero is valid", "float one is valid", "float is valid", "zero fractional part", "bignum", "overflow handling", "valid leap second", "a valid date-time with a leap second",
        "optional/content.json",
    ];

    private static readonly (string Folder, string? Version)[] drafts =
    [
        ("draft4", "http://json-schema.org/draft-04/schema#"), ("draft6", "http://json-schema.org/draft-06/schema#"), ("draft7", "http://json-schema.org/draft-07/schema#"),
        ("draft2019-09", null), ("draft2020-12", null),
    ];

    [Fact]
    public void Given_the_official_tests_then_what_compiles_allows_what_they_say()
    {
        Assert.SkipUnless(Directory.Exists(folder), $"NOT TESTED: JSON Schema's own tests are not in {folder}: .ci/run fetches them.");
        var (groups, refused, judged) = (0, 0, 0);
        var wrong = new List<string>();
        foreach (var (draft, version) in drafts)
        {
            foreach (var file in Directory.EnumerateFiles(Path.Combine(folder, draft), "*.json", SearchOption.AllDirectories).Order())
            {
                foreach (var group in JsonElement.Parse(File.ReadAllBytes(file)).EnumerateArray())
                {
                    groups++;
                    var name = $"{Path.GetRelativePath(folder, file)}: {group.GetProperty("description")}";
                    try
                    {
                        var constraint = Rules.Schema(Declared(group.GetProperty("schema"), version), new() { PropertyOrder = PropertyOrder.Any });
                        foreach (var test in group.GetProperty("tests").EnumerateArray())
                        {
                            var isValid = test.GetProperty("valid").GetBoolean();
                            judged += isValid || constraint.Unenforced.Count == 0 ? 1 : 0;
                            if ((isValid || constraint.Unenforced.Count == 0) && Allows(constraint, SchemaSample.Write(test.GetProperty("data"))) != isValid)
                            {
                                wrong.Add($"{name}: {test.GetProperty("description")}: {(isValid ? "refused" : "accepted")} {test.GetProperty("data")} of {group.GetProperty("schema")}");
                            }
                        }
                    }
                    catch (ConstraintException e)
                    {
                        refused++;
                        // The check of outputs refuses it, too, or nothing is valid.
                        if (group.GetProperty("tests").EnumerateArray().Any(test => test.GetProperty("valid").GetBoolean()) && IsRead(Declared(group.GetProperty("schema"), version)))
                        {
                            wrong.Add($"{name}: {e.Message}");
                        }
                    }
                }
            }
        }

        TestContext.Current.SendDiagnosticMessage($"{judged} values judged; {refused} of {groups} schemas refused");
        wrong.RemoveAll(each => narrower.Any(name => each.Contains(name, StringComparison.Ordinal)));
        Assert.Empty(wrong);
        // Schemas of other files, dynamic references, and schemas that nothing fits.
        Assert.InRange(refused, 0, groups / 9);
    }

    private static bool Allows(Constraint constraint, string text)
    {
        var rule = constraint.Begin();
        return System.Text.Encoding.UTF8.GetBytes(text).All(value => rule.Take(value)) && rule.MayEnd;
    }

    private static bool IsRead(string schema)
    {
        try
        {
            OutputSchema.Parse(schema, TimeProvider.System);
            return true;
        }
        catch (PipelineDefinitionException)
        {
            return false;
        }
    }

    private static string Declared(JsonElement schema, string? version) =>
        version is null || schema.ValueKind != JsonValueKind.Object || schema.TryGetProperty("$schema", out _)
            ? schema.GetRawText()
            : $$"""{"$schema":"{{version}}"{{(schema.EnumerateObject().Any() ? "," : "")}}{{schema.GetRawText().TrimStart()[1..]}}""";
}
