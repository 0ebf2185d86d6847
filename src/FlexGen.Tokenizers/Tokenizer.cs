using System.Text;
using FlexGen.Tokenizers.Added;

namespace FlexGen.Tokenizers;

/// <summary>Turns text into the ids a model was trained with, and back. Thread-safe.</summary>
public abstract class Tokenizer
{
    private readonly Vocabulary vocabulary;
    private readonly TokenMatcher addedTokens;

    private protected Tokenizer(Vocabulary vocabulary, IEnumerable<AddedToken> matchedInText)
    {
        this.vocabulary = vocabulary;
        addedTokens = new TokenMatcher(matchedInText);
    }

    /// <summary>The highest id plus one, added tokens included.</summary>
    public int VocabularySize => vocabulary.Size;

    /// <summary>The id of the token that begins a sequence, where the model folder names one.</summary>
    public int? BeginOfSequence => vocabulary.BeginOfSequence;

    /// <summary>The id of the token that ends a sequence, where the model folder names one.</summary>
    public int? EndOfSequence => vocabulary.EndOfSequence;

    /// <summary>The tokens that have no text in what is decoded, with the text that stands for them in a prompt.</summary>
    public IEnumerable<(int Id, string Text)> ControlTokens => vocabulary.Special;

    /// <summary>The id of the token that is written so as a whole; null where none is.</summary>
    public int? IdOf(string token) => vocabulary.IdOf(token);

    /// <summary>The ids of a text.</summary>
    /// <param name="text">The text, not null; unpaired surrogates count as U+FFFD.</param>
    /// <param name="controlSpans">Stretches of the text, in UTF-16 units, in which the whole text of a special token
    /// stands for the token. Everywhere else it is plain text. Null: nowhere.</param>
    /// <param name="addSpecialTokens">Whether to put around the text what the model wants there.</param>
    public int[] Encode(string text, IReadOnlyList<(int Start, int Length)>? controlSpans = null, bool addSpecialTokens = true)
    {
        ArgumentNullException.ThrowIfNull(text);
        foreach (var (start, length) in controlSpans ?? [])
        {
            if (start < 0 || length < 0 || start > text.Length - length)
            {
                throw new ArgumentOutOfRangeException(nameof(controlSpans),
                    $"control span at {start} of length {length} is not inside a text of length {text.Length}");
            }
        }

        var ids = new List<int>(text.Length / 3 + 8);
        if (addSpecialTokens)
        {
            ids.AddRange(vocabulary.Before);
        }

        var from = 0;
        while (addedTokens.Next(text, from, controlSpans, out var match))
        {
            EncodePiece(text, from, match.Start, ids);
            ids.Add(match.Id);
            from = match.End;
        }

        EncodePiece(text, from, text.Length, ids);
        if (addSpecialTokens)
        {
            ids.AddRange(vocabulary.After);
        }

        return [.. ids];
    }

    /// <summary>The ids of a conversation, whose template puts special tokens where the model wants them.</summary>
    public int[] Encode(RenderedChat chat)
    {
        ArgumentNullException.ThrowIfNull(chat);
        return Encode(chat.Text, chat.Written, addSpecialTokens: false);
    }

    /// <summary>The text of ids, special tokens and unknown ids skipped, spaces as they are.</summary>
    public string Decode(IReadOnlyList<int> ids)
    {
        ArgumentNullException.ThrowIfNull(ids);
        var decoder = CreateDecoder();
        var text = new StringBuilder();
        for (var i = 0; i < ids.Count; i++)
        {
            text.Append(decoder.Append(ids[i]));
        }

        return text.Append(decoder.Flush()).ToString();
    }

    /// <summary>A decoder for the tokens of one sequence.</summary>
    public abstract IncrementalDecoder CreateDecoder();

    /// <summary>Refuses a model that lacks an embedding for one of this tokenizer's ids. A token that was added may lack one: a text
    /// that uses it fails alone.</summary>
    /// <param name="modelVocabularySize">The model's number of embeddings.</param>
    /// <exception cref="TokenizerException">The tokenizer does not fit the vocabulary.</exception>
    public void RequireVocabulary(int modelVocabularySize)
    {
        if (vocabulary.FirstAtOrAbove(modelVocabularySize) is { } id)
        {
            throw new TokenizerException(
                $"the tokenizer does not fit the vocabulary: found the token \"{vocabulary.TextOf(id)}\" with id {id} " +
                $"(ids go up to {VocabularySize - 1}); expected ids below the model's {modelVocabularySize}. Use the " +
                "tokenizer files that came with this checkpoint, or the vocab_size its weights have in config.json.");
        }
    }

    /// <summary>Appends the ids of a piece without tokens to match whole; atStart: it is the first of its text.</summary>
    private protected abstract void EncodeText(string piece, bool atStart, List<int> ids);

    private void EncodePiece(string text, int start, int end, List<int> ids)
    {
        if (start < end)
        {
            EncodeText(text[start..end], start == 0, ids);
        }
    }
}
