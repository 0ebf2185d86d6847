using System.Text;
using System.Text.Json;
using FlexGen.Tokenizers;
using FlexGen.Tokenizers.Chat;

namespace FlexGen.Fuzzing.Targets;

/// <summary>Reads a chat template, and renders conversations with it.</summary>
internal sealed class ChatTemplateTarget : FuzzTarget
{
    private static readonly string folder = Below("FlexGen.Tokenizers.Tests", "reference", "chat");

    private static readonly Dictionary<string, JsonElement> variables = JsonElement.Parse(File.ReadAllText(Path.Combine(folder, "variables.json")))
        .EnumerateObject().ToDictionary(variable => variable.Name, variable => variable.Value);

    private static readonly JsonElement[] conversations = [.. Lines("conversations.jsonl").Select(line => line.GetProperty("messages"))];

    public override string Name => "chat-template";

    public override IEnumerable<byte[]> Seeds() => Lines("templates.jsonl").Where(line => line.TryGetProperty("text", out _))
        .Select(line => Encoding.UTF8.GetBytes(line.GetProperty("template").GetString()!));

    protected override void Read(byte[] input)
    {
        var template = ChatTemplate.Parse("template", Encoding.UTF8.GetString(input), new Dictionary<string, string> { ["bos_token"] = "<s>" });
        var settings = new ChatSettings { Arguments = variables };
        template.Render(Conversation.Of(conversations[input.Length % conversations.Length], isWritten: false), settings);
    }

    protected override bool IsRefusal(Exception e) => e is ChatTemplateException;

    private static IEnumerable<JsonElement> Lines(string file) => File.ReadLines(Path.Combine(folder, file)).Select(line => JsonElement.Parse(line));
}
