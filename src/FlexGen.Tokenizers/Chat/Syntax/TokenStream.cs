using FlexGen.Tokenizers.Chat.Values;

namespace FlexGen.Tokenizers.Chat.Syntax;

/// <summary>The tokens of a template, one after the other.</summary>
internal sealed class TokenStream(IReadOnlyList<Token> tokens)
{
    private int at;

    public Token Current => tokens[at];

    public Token Following => tokens[Math.Min(at + 1, tokens.Count - 1)];

    public Token Take()
    {
        var token = Current;
        at = Math.Min(at + 1, tokens.Count - 1);
        return token;
    }

    public bool IsOperator(string sign) => Current.Is(TokenKind.Operator, sign);

    public bool IsName(string name) => Current.Is(TokenKind.Name, name);

    public bool TrySkip(TokenKind kind, string text)
    {
        var isThere = Current.Is(kind, text);
        at += isThere ? 1 : 0;
        return isThere;
    }

    public bool TrySkipOperator(string sign) => TrySkip(TokenKind.Operator, sign);

    public bool TrySkipName(string name) => TrySkip(TokenKind.Name, name);

    public void Expect(string sign)
    {
        if (!TrySkipOperator(sign))
        {
            throw Unexpected($"'{sign}'");
        }
    }

    public void ExpectName(string name)
    {
        if (!TrySkipName(name))
        {
            throw Unexpected($"'{name}'");
        }
    }

    public void Expect(TokenKind kind, string shown)
    {
        if (Current.Kind != kind)
        {
            throw Unexpected(shown);
        }

        Take();
    }

    public string TakeName(string shown = "a name") => Current.Kind == TokenKind.Name ? Take().Text : throw Unexpected(shown);

    public TemplateFailure Unexpected(string expected) => new($"found {Current.Shown}; expected {expected}", Current.Line);
}
