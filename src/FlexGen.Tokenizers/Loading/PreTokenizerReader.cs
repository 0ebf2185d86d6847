using System.Buffers;
using FlexGen.Tokenizers.Splitting;
using FlexGen.Tokenizers.Splitting.Families;

namespace FlexGen.Tokenizers.Loading;

internal static class PreTokenizerReader
{
    private const string Supported =
        "ByteLevel, Split, Digits, a Sequence of them that ends with its only ByteLevel, or Metaspace by itself";

    private const string Patterns = "a String, or the Regex of GPT-2, Llama 3, Qwen 2 to 3, Galactica, GPT-4o, gpt-oss, Mistral Nemo or DeepSeek V3";

    /// <summary>What the components ask for; byteLevel: words are spelt in bytes.</summary>
    public static PreTokenizer Read(Component? component, out bool byteLevel)
    {
        var components = component?.Flatten("pretokenizers").ToList() ?? [];
        byteLevel = components.Count > 0 && components[^1].Type == "ByteLevel";
        if (components is [{ Type: "Metaspace" }])
        {
            var metaspace = ReadMetaspace(components[0]);
            var split = components[0].Body.Flag("split") ?? true;
            return new PreTokenizer(new WordSplitter(split ? [new BeforeSplitter(metaspace.Replacement, SearchValues.Create(""))] : []), false, metaspace);
        }

        var splitters = new List<ISplitter>();
        var addPrefixSpace = false;
        for (var i = 0; i < components.Count; i++)
        {
            switch (components[i].Type)
            {
                case "Split":
                    splitters.Add(ReadSplit(components[i]));
                    break;
                case "Digits":
                    splitters.Add(new DigitsSplitter(components[i].Body.Flag("individual_digits") ?? false ? 1 : int.MaxValue));
                    break;
                case "ByteLevel" when i == components.Count - 1:
                    addPrefixSpace = components[i].Body.Flag("add_prefix_space") ?? true;
                    if (addPrefixSpace && i > 0)
                    {
                        throw components[i].Unsupported("ByteLevel with add_prefix_space behind another one", Supported);
                    }

                    if (components[i].Body.Flag("use_regex") ?? true)
                    {
                        splitters.Add(new Gpt2Splitter());
                    }

                    break;
                default:
                    throw components[i].Unsupported(Supported);
            }
        }

        return new PreTokenizer(new WordSplitter(splitters), addPrefixSpace);
    }

    public static Metaspace ReadMetaspace(Component component)
    {
        var scheme = (component.Body.Text("prepend_scheme"), component.Body.Flag("add_prefix_space")) switch
        {
            ("never", _) or (null or "always", false) => MetaspacePrepend.Never,
            ("first", not false) => MetaspacePrepend.First,
            (null or "always", _) => MetaspacePrepend.Always,
            var (text, flag) => throw component.Unsupported(
                $"Metaspace with prepend_scheme {text} and add_prefix_space {flag}", "prepend_scheme always, first or never"),
        };
        return component.Body.Text("replacement") is { Length: 1 } replacement
            ? new Metaspace(replacement[0], scheme)
            : throw component.Unsupported("Metaspace without a replacement of one character", "one such as U+2581");
    }

    private static ISplitter ReadSplit(Component component)
    {
        var behavior = component.Body.Text("behavior");
        var inverted = component.Body.Flag("invert") ?? false;
        var separator = component.Body.Get("pattern")?.Text("String") ?? "";
        // Most patterns match all of a text, so that nothing is left to be removed between the matches.
        var all = behavior == "Isolated" || (behavior == "Removed" && inverted);
        return (component.Body.Get("pattern")?.Text("Regex"), behavior) switch
        {
            (null, "Isolated") when separator.Length > 0 => new StringSplitter(separator, drops: false),
            (null, "Removed") when separator.Length > 0 && !inverted => new StringSplitter(separator, drops: true),
            (null, "MergedWithPrevious") when separator.Length > 0 && !inverted => new AfterSplitter(separator),
            (Gpt2Splitter.Pattern, _) when all => new Gpt2Splitter(),
            (Cl100kSplitter.Llama3Pattern, _) when all => new Cl100kSplitter(digits: 3),
            (Cl100kSplitter.QwenPattern, _) when all => new Cl100kSplitter(digits: 1),
            (O200kSplitter.Pattern, _) when all => new O200kSplitter(digits: 3, contractions: true),
            (O200kSplitter.NemoPattern, _) when all => new O200kSplitter(digits: 1, contractions: false),
            (OperatorSplitter.Pattern, "Isolated") => new OperatorSplitter(),
            (DigitsSplitter.UpToThreePattern, "Isolated") => new DigitsSplitter(3),
            (CjkSplitter.Pattern, "Isolated") => new CjkSplitter(),
            (DeepSeekSplitter.Pattern, "Isolated") => new DeepSeekSplitter(),
            _ => throw component.Unsupported($"Split with the behavior {behavior}, invert {inverted}, and the pattern " +
                component.Body.Get("pattern")?.OnOneLine(), Patterns),
        };
    }
}
