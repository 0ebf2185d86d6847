using System.Globalization;
using System.Numerics;
using FlexGen.Tokenizers.Chat.Values;

namespace FlexGen.Tokenizers.Chat.Syntax;

/// <summary>What stands behind a value: members, subscripts, calls, filters and tests.</summary>
internal sealed partial class ExpressionParser
{
    /// <summary>The filters of a filter block, or of a set block, applied to its body.</summary>
    public Expression ReadFilterOfBody() => ReadFilters(ReadFilter(new Expression.Body()));

    /// <summary>Filters of a body where there are any.</summary>
    public Expression ReadFiltersOfBody() => ReadFilters(new Expression.Body());

    public Expression.Arguments ReadArguments()
    {
        tokens.Expect("(");
        List<Expression> positional = [];
        List<(string, Expression)> named = [];
        foreach (var (name, value) in ReadItems(")", ReadArgument))
        {
            if (name is null && named.Count > 0)
            {
                throw tokens.Unexpected("arguments with names behind those without");
            }

            if (named.Exists(other => other.Item1 == name))
            {
                throw tokens.Unexpected($"the argument '{name}' once");
            }

            if (name is null)
            {
                positional.Add(value);
            }
            else
            {
                named.Add((name, value));
            }
        }

        return new Expression.Arguments(positional, named);
    }

    private (string? Name, Expression Value) ReadArgument()
    {
        if (tokens.IsOperator("*") || tokens.IsOperator("**"))
        {
            throw tokens.Unexpected("an argument; supported are positional ones and name=value");
        }

        var name = tokens.Current.Kind == TokenKind.Name && tokens.Following.Is(TokenKind.Operator, "=") ? tokens.Take().Text : null;
        if (name is not null)
        {
            tokens.Take();
        }

        return (name, Read());
    }

    private Expression ReadPostfix(Expression value)
    {
        while (true)
        {
            if (tokens.TrySkipOperator("."))
            {
                value = ReadMember(value);
            }
            else if (tokens.TrySkipOperator("["))
            {
                value = ReadSubscript(value);
            }
            else if (tokens.IsOperator("("))
            {
                value = ReadCall(value);
            }
            else
            {
                return value;
            }
        }
    }

    private Expression ReadMember(Expression value)
    {
        var token = tokens.Take();
        return token.Kind switch
        {
            TokenKind.Name => new Expression.Member(value, token.Text),
            TokenKind.Integer => new Expression.Item(value, new Expression.Literal(Number.Of(BigInteger.Parse(token.Text, CultureInfo.InvariantCulture)))),
            _ => throw new TemplateFailure($"found {token.Shown} behind a dot; expected a name or a number", token.Line),
        };
    }

    private Expression ReadSubscript(Expression value)
    {
        var start = tokens.IsOperator(":") ? null : Read();
        if (!tokens.IsOperator(":"))
        {
            if (tokens.IsOperator(","))
            {
                throw tokens.Unexpected("']': one index or slice");
            }

            tokens.Expect("]");
            return new Expression.Item(value, start!);
        }

        tokens.Take();
        var stop = tokens.IsOperator(":") || tokens.IsOperator("]") ? null : Read();
        var step = tokens.TrySkipOperator(":") && !tokens.IsOperator("]") ? Read() : null;
        tokens.Expect("]");
        return new Expression.Slice(value, start, stop, step);
    }

    private Expression.Call ReadCall(Expression function)
    {
        if (function is Expression.Member { Name: var name } && !known.Methods.Contains(name))
        {
            throw new TemplateFailure($"found the method {name}(); supported are {string.Join(", ", known.Methods.Order(StringComparer.Ordinal))}",
                tokens.Current.Line);
        }

        return new Expression.Call(function, ReadArguments());
    }

    private Expression ReadFilters(Expression value)
    {
        while (true)
        {
            if (tokens.TrySkipOperator("|"))
            {
                value = ReadFilter(value);
            }
            else if (tokens.TrySkipName("is"))
            {
                value = ReadTest(value);
            }
            else if (tokens.IsOperator("("))
            {
                value = ReadCall(value);
            }
            else
            {
                return value;
            }
        }
    }

    private Expression.Filter ReadFilter(Expression value)
    {
        var line = tokens.Current.Line;
        var name = tokens.TakeName("a filter's name");
        if (!known.Filters.Contains(name))
        {
            throw new TemplateFailure($"found the filter {name}; supported are {string.Join(", ", known.Filters.Order(StringComparer.Ordinal))}", line);
        }

        return new Expression.Filter(value, name, tokens.IsOperator("(") ? ReadArguments() : Expression.Arguments.None);
    }

    private Expression ReadTest(Expression value)
    {
        var negated = tokens.TrySkipName("not");
        var line = tokens.Current.Line;
        var name = tokens.TakeName("a test's name");
        if (!known.Tests.Contains(name))
        {
            throw new TemplateFailure($"found the test {name}; supported are {string.Join(", ", known.Tests.Order(StringComparer.Ordinal))}", line);
        }

        var arguments = Expression.Arguments.None;
        if (tokens.IsOperator("("))
        {
            arguments = ReadArguments();
        }
        else if (IsArgument(tokens.Current))
        {
            if (tokens.IsName("is"))
            {
                throw tokens.Unexpected("no further test behind a test");
            }

            arguments = new Expression.Arguments([ReadPostfix(ReadPrimary())], []);
        }

        var test = new Expression.Test(value, name, arguments);
        return negated ? new Expression.Not(test) : test;
    }

    private static bool IsArgument(Token token) => token.Kind switch
    {
        TokenKind.Name => token.Text is not ("else" or "or" or "and"),
        TokenKind.String or TokenKind.Integer or TokenKind.Float => true,
        TokenKind.Operator => token.Text is "[" or "{",
        _ => false,
    };
}
