namespace FlexGen.Tokenizers.Bpe;

/// <summary>The tokens a word is made of before any merge.</summary>
internal interface IAlphabet
{
    /// <summary>How many symbols a word has at most.</summary>
    int MostSymbols(ReadOnlySpan<char> word);

    /// <summary>Writes the ids of a word's symbols; returns how many.</summary>
    int Spell(ReadOnlySpan<char> word, Span<int> ids);

    /// <summary>A word as the vocabulary writes it.</summary>
    string Written(ReadOnlySpan<char> word);
}
