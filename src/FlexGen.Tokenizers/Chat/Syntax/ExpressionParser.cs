using System.Globalization;
using System.Numerics;
using System.Text;
using FlexGen.Tokenizers.Chat.Values;

namespace FlexGen.Tokenizers.Chat.Syntax;

/// <summary>Reads expressions by Jinja's grammar.</summary>
internal sealed partial class ExpressionParser(TokenStream tokens, KnownNames known)
{
    public const string Caller = "caller";
    private const string Safe = "safe";
    private static readonly string[] comparisons = ["==", "!=", "<", "<=", ">", ">="];
    private static readonly Expression.Literal none = new(None.Value);
    private int depth;

    /// <summary>Whether what was read names what a call block gives a macro.</summary>
    public bool UsesCaller { get; set; }

    public Expression Read(bool withConditional = true)
    {
        if (++depth > Budget.MostNested)
        {
            throw new TemplateFailure($"expressions stand in each other more than {Budget.MostNested} deep", tokens.Current.Line);
        }

        var read = withConditional ? ReadConditional() : ReadOr();
        depth--;
        return read;
    }

    /// <summary>An expression, or several with commas between them.</summary>
    /// <param name="withConditional">Whether an if within belongs to it.</param>
    /// <param name="inParentheses">Whether it may be empty.</param>
    /// <param name="end">A name that ends it.</param>
    public Expression ReadTuple(bool withConditional = true, bool inParentheses = false, string? end = null)
    {
        List<Expression> items = [];
        var isTuple = false;
        while (!IsTupleEnd(end))
        {
            items.Add(Read(withConditional));
            if (!tokens.TrySkipOperator(","))
            {
                break;
            }

            isTuple = true;
        }

        return isTuple || (items.Count == 0 && inParentheses) ? new Expression.ListOf(items, IsTuple: true)
            : items.Count == 1 ? items[0] : throw tokens.Unexpected("an expression");
    }

    private bool IsTupleEnd(string? end) =>
        tokens.Current.Kind is TokenKind.VariableEnd or TokenKind.BlockEnd || tokens.IsOperator(")") || (end is not null && tokens.IsName(end));

    private Expression ReadConditional()
    {
        var value = ReadOr();
        while (tokens.TrySkipName("if"))
        {
            var condition = ReadOr();
            value = new Expression.Conditional(condition, value, tokens.TrySkipName("else") ? Read() : null);
        }

        return value;
    }

    private Expression ReadOr()
    {
        var left = ReadAnd();
        while (tokens.TrySkipName("or"))
        {
            left = new Expression.Or(left, ReadAnd());
        }

        return left;
    }

    private Expression ReadAnd()
    {
        var left = ReadNot();
        while (tokens.TrySkipName("and"))
        {
            left = new Expression.And(left, ReadNot());
        }

        return left;
    }

    private Expression ReadNot()
    {
        var nots = 0;
        while (tokens.TrySkipName("not"))
        {
            nots++;
        }

        var value = ReadComparison();
        value = nots > 0 ? new Expression.Not(value) : value;
        return nots > 0 && nots % 2 == 0 ? new Expression.Not(value) : value;
    }

    private Expression ReadComparison()
    {
        var first = ReadSum();
        List<(string, Expression)> rest = [];
        while (true)
        {
            if (tokens.Current.Kind == TokenKind.Operator && comparisons.Contains(tokens.Current.Text))
            {
                rest.Add((tokens.Take().Text, ReadSum()));
            }
            else if (tokens.TrySkipName("in"))
            {
                rest.Add(("in", ReadSum()));
            }
            else if (tokens.IsName("not") && tokens.Following.Is(TokenKind.Name, "in"))
            {
                tokens.Take();
                tokens.Take();
                rest.Add(("not in", ReadSum()));
            }
            else
            {
                return rest.Count == 0 ? first : new Expression.Comparison(first, rest);
            }
        }
    }

    private Expression ReadSum() => ReadBinary(ReadConcat, "+", "-");

    private Expression ReadConcat()
    {
        List<Expression> parts = [ReadProduct()];
        while (tokens.TrySkipOperator("~"))
        {
            parts.Add(ReadProduct());
        }

        return parts.Count == 1 ? parts[0] : new Expression.Concat(parts);
    }

    private Expression ReadProduct() => ReadBinary(() => ReadBinary(() => ReadUnary(withFilters: true), "**"), "*", "/", "//", "%");

    private Expression ReadBinary(Func<Expression> read, params string[] signs)
    {
        var left = read();
        while (tokens.Current.Kind == TokenKind.Operator && signs.Contains(tokens.Current.Text))
        {
            var token = tokens.Take();
            var right = read();
            if (left is Expression.Filter { Name: Safe } || right is Expression.Filter { Name: Safe })
            {
                // Python would write the other side in HTML's escapes.
                throw new TemplateFailure($"found the filter {Safe} beside {token.Text}; supported is it where its result is printed", token.Line);
            }

            left = new Expression.Binary(token.Text, left, right);
        }

        return left;
    }

    private Expression ReadUnary(bool withFilters)
    {
        Expression value;
        if (tokens.IsOperator("-") || tokens.IsOperator("+"))
        {
            if (++depth > Budget.MostNested)
            {
                throw new TemplateFailure($"expressions stand in each other more than {Budget.MostNested} deep", tokens.Current.Line);
            }

            var negates = tokens.Take().Text == "-";
            value = new Expression.Sign(ReadUnary(withFilters: false), negates);
            depth--;
        }
        else
        {
            value = ReadPrimary();
        }

        value = ReadPostfix(value);
        return withFilters ? ReadFilters(value) : value;
    }

    private Expression ReadPrimary()
    {
        var token = tokens.Current;
        switch (token.Kind)
        {
            case TokenKind.Name:
                return ReadName();
            case TokenKind.String:
                return ReadString();
            case TokenKind.Integer:
                tokens.Take();
                return new Expression.Literal(Number.Of(BigInteger.Parse(token.Text, CultureInfo.InvariantCulture)));
            case TokenKind.Float:
                tokens.Take();
                return new Expression.Literal(Number.OfReal(double.Parse(token.Text, CultureInfo.InvariantCulture)));
            case TokenKind.Operator when tokens.TrySkipOperator("("):
                var tuple = ReadTuple(inParentheses: true);
                tokens.Expect(")");
                return tuple;
            case TokenKind.Operator when tokens.TrySkipOperator("["):
                return new Expression.ListOf(ReadItems("]", () => Read()), IsTuple: false);
            case TokenKind.Operator when tokens.TrySkipOperator("{"):
                return new Expression.DictOf(ReadItems("}", ReadPair));
            default:
                throw tokens.Unexpected("an expression");
        }
    }

    private Expression ReadName()
    {
        var token = tokens.Take();
        UsesCaller |= token.Text == Caller;
        return token.Text switch
        {
            "true" or "True" => new Expression.Literal(true),
            "false" or "False" => new Expression.Literal(false),
            "none" or "None" => none,
            _ when known.Refused.Contains(token.Text) => throw new TemplateFailure(
                $"found the function {token.Text}; supported are range, dict, namespace, raise_exception and strftime_now", token.Line),
            _ => new Expression.Variable(token.Text),
        };
    }

    private Expression.Literal ReadString()
    {
        var text = new StringBuilder();
        while (tokens.Current.Kind == TokenKind.String)
        {
            text.Append(tokens.Take().Text);
        }

        return new Expression.Literal(Values.Text.OfTemplate(text.ToString()));
    }

    private List<T> ReadItems<T>(string end, Func<T> read)
    {
        List<T> items = [];
        while (!tokens.TrySkipOperator(end))
        {
            if (items.Count > 0)
            {
                tokens.Expect(",");
                if (tokens.TrySkipOperator(end))
                {
                    break;
                }
            }

            items.Add(read());
        }

        return items;
    }

    private (Expression Key, Expression Value) ReadPair()
    {
        var key = Read();
        tokens.Expect(":");
        return (key, Read());
    }
}
