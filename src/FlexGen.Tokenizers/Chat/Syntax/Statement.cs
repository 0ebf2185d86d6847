namespace FlexGen.Tokenizers.Chat.Syntax;

/// <summary>A piece of a template that is carried out, and the line in which it begins.</summary>
internal abstract record Statement(int Line)
{
    public sealed record Data(int Line, Values.Text Text) : Statement(Line);

    public sealed record Print(int Line, Expression Value) : Statement(Line);

    public sealed record If(int Line, IReadOnlyList<(Expression Condition, IReadOnlyList<Statement> Body)> Branches, IReadOnlyList<Statement> Otherwise)
        : Statement(Line);

    public sealed record For(int Line, Target Target, Expression Elements, Expression? Condition, bool IsRecursive, IReadOnlyList<Statement> Body,
        IReadOnlyList<Statement> Otherwise) : Statement(Line);

    public sealed record Set(int Line, Target Target, Expression Value) : Statement(Line);

    public sealed record SetBlock(int Line, Target Target, Expression Filtered, IReadOnlyList<Statement> Body) : Statement(Line);

    public sealed record FilterBlock(int Line, Expression Filtered, IReadOnlyList<Statement> Body) : Statement(Line);

    public sealed record Macro(int Line, string Name, IReadOnlyList<Parameter> Parameters, IReadOnlyList<Statement> Body, bool UsesCaller) : Statement(Line);

    public sealed record CallBlock(int Line, Expression.Call Call, IReadOnlyList<Parameter> Parameters, IReadOnlyList<Statement> Body) : Statement(Line);

    public sealed record With(int Line, IReadOnlyList<(Target Target, Expression Value)> Values, IReadOnlyList<Statement> Body) : Statement(Line);

    public sealed record Break(int Line) : Statement(Line);

    public sealed record Continue(int Line) : Statement(Line);
}
