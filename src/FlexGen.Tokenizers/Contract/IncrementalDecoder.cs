namespace FlexGen.Tokenizers;

/// <summary>Decodes the tokens of one sequence as they come. What it returns, joined, equals
/// <see cref="Tokenizer.Decode"/> of all the ids. Not thread-safe.</summary>
public abstract class IncrementalDecoder
{
    private protected IncrementalDecoder() { }

    /// <summary>Takes the next token; returns the text that no later token can change, often empty.
    /// Special tokens and ids outside the vocabulary have no text.</summary>
    public abstract string Append(int id);

    /// <summary>The bytes, of UTF-8 and not always whole characters, that an id writes within a text, not at its start; null where it writes none. It changes
    /// nothing.</summary>
    public abstract byte[]? BytesOf(int id);

    /// <summary>Whether a text does not show the space that its first token begins with, being the one that encoding puts there.</summary>
    public abstract bool HidesFirstSpace { get; }

    /// <summary>Returns what is left at the end of the sequence; an incomplete character becomes U+FFFD.</summary>
    public abstract string Flush();
}
