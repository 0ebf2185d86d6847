using System.Buffers;
using FlexGen.Tokenizers.Splitting;

namespace FlexGen.Tokenizers.Loading;

internal static class PreTokenizerReader
{
    private const string Supported =
        "ByteLevel, Split, Digits, a Sequence of them that ends with its only ByteLevel, or Metaspace by itself";

    private const string Patterns = "a String, or the Regex of GPT-2, Llama 3, Qwen 2 to 3, Galactica, GPT-4o, gpt-oss or DeepSeek V3";

    /// <summary>What the parts ask for; byteLevel: words are spelt in bytes.</summary>
    public static PreTokenizer Read(Part? part, out bool byteLevel)
    {
        var parts = part?.Flatten("pretokenizers").ToList() ?? [];
        byteLevel = parts.Count > 0 && parts[^1].Type == "ByteLevel";
        if (parts is [{ Type: "Metaspace" }])
        {
            var metaspace = ReadMetaspace(parts[0]);
            var split = parts[0].Body.Flag("split") ?? true;
            return new PreTokenizer(new WordSplitter(split ? [new BeforeSplitter(metaspace.Replacement, SearchValues.Create(""))] : []), false, metaspace);
        }
        var splitters = new List<ISplitter>();
        var addPrefixSpace = false;
        for (var i = 0; i < parts.Count; i++)
        {
            switch (parts[i].Type)
            {
                case "Split":
                    splitters.Add(ReadSplit(parts[i]));
                    break;
                case "Digits":
                    splitters.Add(new DigitsSplitter(parts[i].Body.Flag("individual_digits") ?? false ? 1 : int.MaxValue));
                    break;
                case "ByteLevel" when i == parts.Count - 1:
                    addPrefixSpace = parts[i].Body.Flag("add_prefix_space") ?? true;
                    if (addPrefixSpace && i > 0)
                    {
                        throw parts[i].Unsupported("ByteLevel with add_prefix_space behind another one", Supported);
                    }
                    if (parts[i].Body.Flag("use_regex") ?? true)
                    {
                        splitters.Add(new Gpt2Splitter());
                    }
                    break;
                default:
                    throw parts[i].Unsupported(Supported);
            }
        }
        return new PreTokenizer(new WordSplitter(splitters), addPrefixSpace);
    }

    public static Metaspace ReadMetaspace(Part part)
    {
        var scheme = (part.Body.Text("prepend_scheme"), part.Body.Flag("add_prefix_space")) switch
        {
            ("never", _) or (null or "always", false) => MetaspacePrepend.Never,
            ("first", not false) => MetaspacePrepend.First,
            (null or "always", _) => MetaspacePrepend.Always,
            var (text, flag) => throw part.Unsupported(
                $"Metaspace with prepend_scheme {text} and add_prefix_space {flag}", "prepend_scheme always, first or never"),
        };
        return part.Body.Text("replacement") is { Length: 1 } replacement
            ? new Metaspace(replacement[0], scheme)
            : throw part.Unsupported("Metaspace without a replacement of one character", "one such as U+2581");
    }

    private static ISplitter ReadSplit(Part part)
    {
        var behavior = part.Body.Text("behavior");
        var inverted = part.Body.Flag("invert") ?? false;
        var separator = part.Body.Get("pattern")?.Text("String") ?? "";
        // Most patterns match all of a text, so that nothing is left to be removed between the matches.
        var all = behavior == "Isolated" || (behavior == "Removed" && inverted);
        return (part.Body.Get("pattern")?.Text("Regex"), behavior) switch
        {
            (null, "Isolated") when separator.Length > 0 => new StringSplitter(separator, drops: false),
            (null, "Removed") when separator.Length > 0 && !inverted => new StringSplitter(separator, drops: true),
            (null, "MergedWithPrevious") when separator.Length > 0 && !inverted => new AfterSplitter(separator),
            (Gpt2Splitter.Pattern, _) when all => new Gpt2Splitter(),
            (Cl100kSplitter.Llama3Pattern, _) when all => new Cl100kSplitter(digits: 3),
            (Cl100kSplitter.QwenPattern, _) when all => new Cl100kSplitter(digits: 1),
            (O200kSplitter.Pattern, _) when all => new O200kSplitter(),
            (OperatorSplitter.Pattern, "Isolated") => new OperatorSplitter(),
            (DigitsSplitter.UpToThreePattern, "Isolated") => new DigitsSplitter(3),
            (CjkSplitter.Pattern, "Isolated") => new CjkSplitter(),
            (DeepSeekSplitter.Pattern, "Isolated") => new DeepSeekSplitter(),
            _ => throw part.Unsupported($"Split with the behavior {behavior}, invert {inverted}, and the pattern " +
                part.Body.Get("pattern")?.OnOneLine(), Patterns),
        };
    }
}
