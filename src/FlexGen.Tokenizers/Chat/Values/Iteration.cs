using System.Collections;

namespace FlexGen.Tokenizers.Chat.Values;

/// <summary>What filters such as map and select give: values that come once, one after the other. True to Python, even when
/// none comes.</summary>
internal sealed class Iteration(IEnumerable<object> values) : IEnumerable<object>
{
    private readonly IEnumerator<object> rest = values.GetEnumerator();

    public IEnumerator<object> GetEnumerator()
    {
        while (rest.MoveNext())
        {
            yield return rest.Current;
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
