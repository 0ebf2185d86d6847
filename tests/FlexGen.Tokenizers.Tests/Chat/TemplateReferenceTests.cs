using System.Text.Json;
using FlexGen.Tokenizers.Chat;

namespace FlexGen.Tokenizers.Tests.Chat;

public class TemplateReferenceTests
{
    private static readonly Dictionary<string, JsonElement> variables = JsonElement.Parse(File.ReadAllText(Path.Combine(Reference.Folder("chat"), "variables.json")))
        .EnumerateObject().ToDictionary(variable => variable.Name, variable => variable.Value);

    [Fact]
    public void Every_template_is_rendered_as_Jinja_renders_it_or_refused_where_Jinja_refuses_it()
    {
        List<string> wrong = [.. Reference.Lines("chat", "templates.jsonl")
            .Select(line => (Template: line.Text("template"), Expected: line.TryGetProperty("text", out var text) ? text.GetString() : null))
            .Select(line => (line.Template, line.Expected, Found: Render(line.Template)))
            .Where(line => line.Found.Text != line.Expected)
            .Select(line => $"{line.Template}\n  expected {JsonSerializer.Serialize(line.Expected)}\n  found    {JsonSerializer.Serialize(line.Found.Text)} {line.Found.Error}")];
        Assert.True(wrong.Count == 0, string.Join("\n", wrong));
    }

    private static (string? Text, string Error) Render(string template)
    {
        try
        {
            var read = ChatTemplate.Parse("test", template, new Dictionary<string, string>());
            return (read.Render([], new ChatSettings { Arguments = variables, Time = new FixedTime(new DateTimeOffset(2026, 1, 6, 9, 8, 7, 6, TimeSpan.Zero)) }).Text, "");
        }
        catch (ChatTemplateException e)
        {
            return (null, e.Message);
        }
    }
}
