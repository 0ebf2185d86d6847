using System.IO.Compression;
using System.Text.Json;
using FlexGen.Dataflow.Checks;
using FlexGen.Testing;

namespace FlexGen.Dataflow.Tests.Checks;

/// <summary>Schemas as people write them, with values that are marked as valid or not.</summary>
public sealed class PublicSchemaTests
{
    private static readonly string path = Path.Combine(Repository.Root, "../shared/schemas/sample.jsonl.gz");

    [Fact]
    public async Task Values_are_judged_as_they_are_marked_and_schemas_refused_by_name()
    {
        if (!File.Exists(path))
        {
            Assert.Skip($"there is no {path}");
        }
        int accepted = 0;
        int agreed = 0;
        int timed = 0;
        var refused = new List<string>();
        var wrong = new List<string>();
        using var reader = new StreamReader(new GZipStream(File.OpenRead(path), CompressionMode.Decompress));
        while (await reader.ReadLineAsync() is { } line)
        {
            var sample = JsonElement.Parse(line);
            string name = sample.GetProperty("name").GetString()!;
            try
            {
                var schema = OutputSchema.Parse(sample.GetProperty("schema").GetRawText(), SchemaDialect.Undeclared, TimeProvider.System);
                accepted++;
                foreach (var test in sample.GetProperty("tests").EnumerateArray())
                {
                    string found = "";
                    try
                    {
                        schema.Check(test.GetProperty("data").GetRawText());
                    }
                    catch (RecordException e)
                    {
                        found = $"{e.Reason}: {e.Message}";
                        timed += e.Reason == "check_too_long" ? 1 : 0;
                    }
                    bool isRight = found.Length == 0 == test.GetProperty("valid").GetBoolean();
                    agreed += isRight ? 1 : 0;
                    if (!isRight)
                    {
                        wrong.Add($"{name}: marked {test.GetProperty("valid")}, found {found}");
                    }
                }
            }
            catch (SchemaException e)
            {
                refused.Add($"{name}: {e.Message}");
            }
        }
        Console.WriteLine($"{accepted} accepted, {refused.Count} refused, {agreed} agreed, {wrong.Count} not, {timed} timed");
        foreach (string each in refused) { Console.WriteLine("REFUSED " + each); }
        foreach (string each in wrong) { Console.WriteLine("WRONG " + each); }
        Assert.Empty(wrong);
    }
}
