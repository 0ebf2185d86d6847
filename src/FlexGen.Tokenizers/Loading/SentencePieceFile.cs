using FlexGen.Tokenizers.Added;
using FlexGen.Tokenizers.SentencePiece;

namespace FlexGen.Tokenizers.Loading;

/// <summary>Reads tokenizer.model, SentencePiece's file.</summary>
internal static class SentencePieceFile
{
    public static Tokenizer Load(string folder)
    {
        var path = Path.Combine(folder, "tokenizer.model");
        try
        {
            var file = ModelFile.Parse(TokenizerFile.Read(path));
            RequireSupported(path, file);
            return Build(path, file, new TokenizerConfig(folder));
        }
        catch (Exception exception) when (exception is FormatException or ArgumentException or KeyNotFoundException)
        {
            throw TokenizerException.Unsupported(path, $"something that is not a SentencePiece model ({exception.Message})",
                "a file as SentencePiece writes it", "Copy the file again from the checkpoint (a Git LFS pointer is not the file).");
        }
    }

    private static SentencePieceTokenizer Build(string path, ModelFile file, TokenizerConfig config)
    {
        var pieces = file.Pieces.DistinctBy(piece => piece.Text).ToDictionary(piece => piece.Text, piece => piece.Id, StringComparer.Ordinal);
        var reserved = file.Pieces.Where(piece => piece.Kind is PieceKind.Control or PieceKind.Unknown)
            .Select(piece => new AddedToken(piece.Id, piece.Text, Special: true));
        var added = config.AddedTokens(pieces).UnionBy(reserved, token => token.Text).ToList();
        var isT5 = config.TokenizerClass?.StartsWith("T5", StringComparison.Ordinal) ?? false;
        int? Existing(int id) => id >= 0 && id < file.Pieces.Count ? id : null;
        var begin = Existing(file.Begin);
        var end = Existing(file.End);
        var tokens = file.Pieces.Select(piece => KeyValuePair.Create(piece.Text, piece.Id))
            .Concat(added.Select(token => KeyValuePair.Create(token.Text, token.Id)));
        var vocabulary = new Vocabulary(path, tokens, added.Where(token => token.Special).Select(token => token.Id))
        {
            BeginOfSequence = begin,
            EndOfSequence = end,
            Added = added.Select(token => token.Id).ToHashSet(),
            Before = (config.AddBegin ?? !isT5) && begin is { } first ? [first] : [],
            After = (config.AddEnd ?? isT5) && end is { } last ? [last] : [],
        };
        return new SentencePieceTokenizer(file, vocabulary, added);
    }

    private static void RequireSupported(string path, ModelFile file)
    {
        var found = file switch
        {
            { ModelType: not (ModelFile.Unigram or ModelFile.Bpe) } => $"model_type {file.ModelType}",
            { WhitespaceAsSuffix: true } => "treat_whitespace_as_suffix",
            _ => null,
        };
        if (file.Fault() is { } fault)
        {
            throw TokenizerException.Unsupported(path, fault, "pieces that SentencePiece itself would load", "Copy the file again from the checkpoint.");
        }

        if (found is not null)
        {
            throw TokenizerException.Unsupported(path, found, "model_type BPE or UNIGRAM with spaces in front of words",
                "Use a checkpoint with a tokenizer of the kinds that are supported.");
        }
    }
}
