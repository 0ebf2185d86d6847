using FlexGen.Tokenizers.Bpe;

namespace FlexGen.Tokenizers.Splitting;

/// <summary>Cuts a text by one splitter after the other, each within the words of the one before.</summary>
internal sealed class WordSplitter(IReadOnlyList<ISplitter> splitters)
{
    /// <summary>These splitters and one more behind them.</summary>
    public WordSplitter With(ISplitter last) => new([.. splitters, last]);

    /// <summary>Appends the ids of every word of the text.</summary>
    public void Encode(ReadOnlySpan<char> text, BpeModel model, List<int> ids)
    {
        if (!text.IsEmpty)
        {
            Encode(text, 0, model, ids);
        }
    }

    private void Encode(ReadOnlySpan<char> text, int stage, BpeModel model, List<int> ids)
    {
        if (stage == splitters.Count)
        {
            model.Encode(text, ids);
            return;
        }

        for (var at = 0; at < text.Length;)
        {
            var end = splitters[stage].Next(text, at, out var drop);
            if (!drop)
            {
                Encode(text[at..end], stage + 1, model, ids);
            }

            at = end;
        }
    }
}
