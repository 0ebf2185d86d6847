namespace FlexGen.Tokenizers.Loading;

internal static class PostProcessorReader
{
    private const string Supported = "TemplateProcessing with the text in it once, ByteLevel, or a Sequence of them";

    /// <summary>The ids to put in front of a text and behind it.</summary>
    public static (List<int> Before, List<int> After) Read(Component? component)
    {
        List<int> before = [];
        List<int> after = [];
        foreach (var one in component?.Flatten("processors") ?? [])
        {
            if (one.Type == "TemplateProcessing")
            {
                var (outerBefore, outerAfter) = ReadTemplate(one);
                before.InsertRange(0, outerBefore);
                after.AddRange(outerAfter);
            }
            else if (one.Type != "ByteLevel")
            {
                throw one.Unsupported(Supported);
            }
        }

        return (before, after);
    }

    private static (List<int> Before, List<int> After) ReadTemplate(Component component)
    {
        List<int> before = [];
        List<int> after = [];
        var texts = 0;
        foreach (var piece in component.Body.Items("single"))
        {
            if (piece.Get("Sequence") is not null)
            {
                texts++;
            }
            else if (piece.Get("SpecialToken")?.Text("id") is { } name && component.Body.Get("special_tokens")?.Get(name) is { } token)
            {
                (texts == 0 ? before : after).AddRange(token.Items("ids").Select(id => id.GetInt32()));
            }
            else
            {
                throw component.Unsupported($"TemplateProcessing with {piece.OnOneLine()}", Supported);
            }
        }

        return texts == 1 ? (before, after) : throw component.Unsupported($"TemplateProcessing with {texts} texts", Supported);
    }
}
