using System.Text;
using System.Text.Json;
using FlexGen.Tokenizers.Loading;

namespace FlexGen.Tokenizers.Chat;

/// <summary>Finds the chat templates of a checkpoint folder by name.</summary>
internal static class TemplateFiles
{
    private const string Default = "default", Key = "chat_template";
    private static readonly UTF8Encoding utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Files win over tokenizer_config.json as a whole. What image processors have is looked at last.</summary>
    public static IReadOnlyDictionary<string, TemplateSource> Find(string folder)
    {
        var files = OfFiles(folder);
        if (files.Count > 0)
        {
            return files;
        }

        var config = Path.Combine(folder, "tokenizer_config.json");
        var processor = Path.Combine(folder, "chat_template.json");
        return OfJson(config) is { Count: > 0 } found ? found : OfJson(processor);
    }

    private static Dictionary<string, TemplateSource> OfFiles(string folder)
    {
        var sources = new Dictionary<string, TemplateSource>(StringComparer.Ordinal);
        var file = Path.Combine(folder, "chat_template.jinja");
        if (File.Exists(file))
        {
            sources[Default] = Read(file);
        }

        var others = Path.Combine(folder, "additional_chat_templates");
        foreach (var other in Directory.Exists(others) ? Directory.GetFiles(others, "*.jinja").Order(StringComparer.Ordinal) : Enumerable.Empty<string>())
        {
            sources[Path.GetFileNameWithoutExtension(other)] = Read(other);
        }

        return sources;
    }

    private static TemplateSource Read(string file)
    {
        try
        {
            return new TemplateSource(file, utf8.GetString(TokenizerFile.Read(file)));
        }
        catch (DecoderFallbackException)
        {
            throw TokenizerException.Unsupported(file, "bytes that are not UTF-8", "a chat template", "Copy the file again from the checkpoint.");
        }
    }

    private static Dictionary<string, TemplateSource> OfJson(string file)
    {
        var sources = new Dictionary<string, TemplateSource>(StringComparer.Ordinal);
        switch (Json.ReadIfThere(file)?.Get(Key))
        {
            case null:
                break;
            case { ValueKind: JsonValueKind.String } one:
                sources[Default] = new TemplateSource($"{file}: {Key}", one.GetString()!);
                break;
            case { ValueKind: JsonValueKind.Array } several:
                foreach (var (name, template) in several.EnumerateArray().Select(item => (item.Text("name"), item.Text("template"))))
                {
                    sources[name ?? throw Wrong(file)] = new TemplateSource($"{file}: {Key} {name}", template ?? throw Wrong(file));
                }

                break;
            default:
                throw Wrong(file);
        }

        return sources;
    }

    private static TokenizerException Wrong(string file) => TokenizerException.Unsupported(file, $"another {Key}",
        "a string, or a list of objects with a name and a template", "Copy the file again from the checkpoint.");
}
