using System.Globalization;
using FlexGen.Tokenizers.Chat.Values;

namespace FlexGen.Tokenizers.Chat.Running;

/// <summary>What filters name a member by: a key, an index, or several with dots between them.</summary>
internal sealed class MemberPath(object attribute)
{
    private readonly object[] steps = attribute is Text text
        ? [.. Cutting.Split(text, Text.OfTemplate("."), -1).Select(Step)]
        : [attribute];

    public object Find(ILibrary library, object value, object? otherwise = null)
    {
        foreach (var step in steps)
        {
            value = Members.Item(value, step, library);
            if (value is Undefined && otherwise is not null)
            {
                value = otherwise;
            }
        }

        return value;
    }

    private static object Step(Text name) =>
        int.TryParse(name.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var index) ? Number.Of(index) : name;
}
