namespace FlexGen.Tokenizers;

/// <summary>A tokenizer that can not be read, or does not fit the model. The message says what to change.</summary>
public sealed class TokenizerException : Exception
{
    public TokenizerException() { }

    public TokenizerException(string message) : base(message) { }

    public TokenizerException(string message, Exception innerException) : base(message, innerException) { }

    internal static TokenizerException Unsupported(string file, string found, string expected, string change) =>
        new($"{file}: found {OnOneLine(found)}; expected {expected}. {change}");

    private static string OnOneLine(string text) =>
        string.Concat(text.Select(unit => char.IsControl(unit) ? $"\\u{(int)unit:X4}" : unit.ToString()));
}
