using System.IO.Compression;
using System.Text;
using System.Text.Json;

namespace FlexGen.Testing.Schemas;

/// <summary>A schema of the collection that lies beside the project, with its instances.</summary>
/// <param name="Name">Its name there.</param>
/// <param name="Schema">The schema.</param>
/// <param name="Tests">Instances, and whether they are valid.</param>
internal sealed record SchemaSample(string Name, JsonElement Schema, IReadOnlyList<(bool IsValid, JsonElement Data)> Tests)
{
    private static string File => Path.Combine(Repository.Root, "..", "shared", "schemas", "sample.jsonl.gz");

    public static bool IsThere => System.IO.File.Exists(File);

    public static IEnumerable<SchemaSample> All()
    {
        using var reader = new StreamReader(new GZipStream(System.IO.File.OpenRead(File), CompressionMode.Decompress));
        while (reader.ReadLine() is { } line)
        {
            var sample = JsonElement.Parse(line, new JsonDocumentOptions { MaxDepth = 512 });
            yield return new SchemaSample(
                sample.GetProperty("name").GetString()!,
                sample.GetProperty("schema"),
                [.. sample.GetProperty("tests").EnumerateArray().Select(test => (test.GetProperty("valid").GetBoolean(), test.GetProperty("data")))]);
        }
    }

    /// <summary>A value as programs write it.</summary>
    /// <param name="value">The value.</param>
    /// <param name="comma">What stands between items.</param>
    /// <param name="colon">What stands between a name and its value.</param>
    /// <param name="isAscii">With an escape for everything else.</param>
    public static string Write(JsonElement value, string comma = ",", string colon = ":", bool isAscii = false)
    {
        var text = new StringBuilder();
        Write(value);
        return text.ToString();

        void Write(JsonElement element)
        {
            switch (element.ValueKind)
            {
                case JsonValueKind.Object:
                    text.Append('{');
                    foreach (var (i, member) in element.EnumerateObject().Index())
                    {
                        text.Append(i > 0 ? comma : "");
                        WriteText(member.Name);
                        text.Append(colon);
                        Write(member.Value);
                    }

                    text.Append('}');
                    break;
                case JsonValueKind.Array:
                    text.Append('[');
                    foreach (var (i, item) in element.EnumerateArray().Index())
                    {
                        text.Append(i > 0 ? comma : "");
                        Write(item);
                    }

                    text.Append(']');
                    break;
                case JsonValueKind.String:
                    WriteText(element.GetString()!);
                    break;
                default:
                    text.Append(element.GetRawText());
                    break;
            }
        }

        void WriteText(string content)
        {
            text.Append('"');
            foreach (var c in content)
            {
                text.Append(c switch
                {
                    '"' => "\\\"",
                    '\\' => @"\\",
                    '\n' => @"\n",
                    '\r' => @"\r",
                    '\t' => @"\t",
                    '\b' => @"\b",
                    '\f' => @"\f",
                    < ' ' or > '~' when isAscii || c < ' ' => $@"\u{(int)c:x4}",
                    _ => c.ToString(),
                });
            }

            text.Append('"');
        }
    }
}
