namespace FlexGen.Tokenizers.Chat.Syntax;

/// <summary>What has a value.</summary>
internal abstract record Expression
{
    private Expression()
    {
    }

    public sealed record Literal(object Value) : Expression;

    public sealed record Variable(string Name) : Expression;

    public sealed record ListOf(IReadOnlyList<Expression> Items, bool IsTuple) : Expression;

    public sealed record DictOf(IReadOnlyList<(Expression Key, Expression Value)> Items) : Expression;

    public sealed record Member(Expression Of, string Name) : Expression;

    public sealed record Item(Expression Of, Expression Index) : Expression;

    public sealed record Slice(Expression Of, Expression? Start, Expression? Stop, Expression? Step) : Expression;

    public sealed record Call(Expression Function, Arguments Given) : Expression;

    public sealed record Filter(Expression Value, string Name, Arguments Given) : Expression;

    public sealed record Test(Expression Value, string Name, Arguments Given) : Expression;

    public sealed record Sign(Expression Value, bool Negates) : Expression;

    public sealed record Binary(string Operator, Expression Left, Expression Right) : Expression;

    public sealed record Concat(IReadOnlyList<Expression> Parts) : Expression;

    public sealed record Comparison(Expression First, IReadOnlyList<(string Operator, Expression Right)> Rest) : Expression;

    public sealed record And(Expression Left, Expression Right) : Expression;

    public sealed record Or(Expression Left, Expression Right) : Expression;

    public sealed record Not(Expression Value) : Expression;

    public sealed record Conditional(Expression Condition, Expression Then, Expression? Otherwise) : Expression;

    /// <summary>What stands between a call's parentheses.</summary>
    public sealed record Arguments(IReadOnlyList<Expression> Positional, IReadOnlyList<(string Name, Expression Value)> Named)
    {
        public static readonly Arguments None = new([], []);
    }

    /// <summary>What a filter block renders, where its first filter takes it.</summary>
    public sealed record Body : Expression;
}
