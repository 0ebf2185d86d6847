using FlexGen.Tokenizers.Chat.Values;

namespace FlexGen.Tokenizers.Chat.Syntax;

/// <summary>Reads a template's statements.</summary>
internal sealed partial class TemplateParser
{
    private const string Supported = "for, if, set, macro, call, filter, with, break, continue, generation and raw";
    private readonly TokenStream tokens;
    private readonly ExpressionParser expressions;
    private int depth;
    private int loops;

    private TemplateParser(string template, KnownNames known)
    {
        tokens = new TokenStream(TemplateLexer.Read(template));
        expressions = new ExpressionParser(tokens, known);
    }

    /// <exception cref="TemplateFailure">The template is wrong, or uses what is not supported.</exception>
    public static IReadOnlyList<Statement> Read(string template, KnownNames known)
    {
        var parser = new TemplateParser(template, known);
        var statements = parser.ReadBody([]);
        return parser.tokens.Current.Kind == TokenKind.End ? statements : throw parser.tokens.Unexpected("no such tag here");
    }

    /// <summary>Statements up to a block of one of these names, which is left to be read, or to the template's end.</summary>
    private List<Statement> ReadBody(string[] ends)
    {
        List<Statement> statements = [];
        if (++depth > Budget.MostNested)
        {
            throw new TemplateFailure($"blocks stand in each other more than {Budget.MostNested} deep", tokens.Current.Line);
        }

        while (tokens.Current is { Kind: not TokenKind.End } token && !(token.Kind == TokenKind.BlockBegin && ends.Contains(tokens.Following.Text)))
        {
            statements.Add(ReadStatement(tokens.Take()));
        }

        depth--;
        return statements;
    }

    private Statement ReadStatement(Token token)
    {
        if (token.Kind == TokenKind.Data)
        {
            return new Statement.Data(token.Line, Text.OfTemplate(token.Text));
        }

        if (token.Kind == TokenKind.VariableBegin)
        {
            var value = expressions.ReadTuple();
            tokens.Expect(TokenKind.VariableEnd, "'}}'");
            return new Statement.Print(token.Line, value);
        }

        var name = tokens.TakeName("a block's name");
        return name switch
        {
            "if" => ReadIf(token.Line),
            "for" => ReadFor(token.Line),
            "set" => ReadSet(token.Line),
            "macro" => ReadMacro(token.Line),
            "call" => ReadCallBlock(token.Line),
            "filter" => ReadFilterBlock(token.Line),
            "with" => ReadWith(token.Line),
            "generation" => ReadGeneration(token.Line),
            "break" or "continue" => ReadJump(name, token.Line),
            _ => throw new TemplateFailure($"found the block '{name}'; supported are {Supported}", token.Line),
        };
    }

    private Statement.If ReadIf(int line)
    {
        List<(Expression, IReadOnlyList<Statement>)> branches = [];
        do
        {
            var condition = expressions.ReadTuple(withConditional: false);
            EndBlock();
            branches.Add((condition, ReadBody(["elif", "else", "endif"])));
        }
        while (TakeEnd(line, "elif", "else", "endif") == "elif");

        List<Statement> otherwise = [];
        if (lastEnd == "else")
        {
            EndBlock();
            otherwise = ReadBody(["endif"]);
            TakeEnd(line, "endif");
        }

        EndBlock();
        return new Statement.If(line, branches, otherwise);
    }

    private Statement.For ReadFor(int line)
    {
        var target = ReadTarget(withNamespace: false);
        tokens.ExpectName("in");
        var elements = expressions.ReadTuple(withConditional: false, end: "recursive");
        var condition = tokens.TrySkipName("if") ? expressions.Read() : null;
        var isRecursive = tokens.TrySkipName("recursive");
        EndBlock();
        loops++;
        var body = ReadBody(["else", "endfor"]);
        loops--;
        List<Statement> otherwise = [];
        if (TakeEnd(line, "else", "endfor") == "else")
        {
            EndBlock();
            otherwise = ReadBody(["endfor"]);
            TakeEnd(line, "endfor");
        }

        EndBlock();
        return new Statement.For(line, target, elements, condition, isRecursive, body, otherwise);
    }

    private Statement ReadSet(int line)
    {
        var target = ReadTarget(withNamespace: true);
        if (tokens.TrySkipOperator("="))
        {
            var value = expressions.ReadTuple();
            EndBlock();
            return new Statement.Set(line, target, value);
        }

        var filtered = expressions.ReadFiltersOfBody();
        EndBlock();
        return new Statement.SetBlock(line, target, filtered, ReadBodyTo(line, "endset"));
    }

    private Statement.Macro ReadMacro(int line)
    {
        var name = tokens.TakeName("a macro's name");
        var parameters = ReadParameters();
        EndBlock();
        var usedBefore = expressions.UsesCaller;
        expressions.UsesCaller = false;
        var macro = new Statement.Macro(line, name, parameters, ReadFunctionBody(line, "endmacro"), expressions.UsesCaller);
        expressions.UsesCaller = usedBefore;
        return macro;
    }

    private Statement.CallBlock ReadCallBlock(int line)
    {
        var parameters = tokens.IsOperator("(") ? ReadParameters() : [];
        var call = expressions.Read() as Expression.Call ?? throw new TemplateFailure("found no call in a call block", line);
        EndBlock();
        return new Statement.CallBlock(line, call, parameters, ReadFunctionBody(line, "endcall"));
    }

    private Statement.FilterBlock ReadFilterBlock(int line)
    {
        var filtered = expressions.ReadFilterOfBody();
        EndBlock();
        return new Statement.FilterBlock(line, filtered, ReadBodyTo(line, "endfilter"));
    }

    private Statement.With ReadWith(int line)
    {
        List<(Target, Expression)> values = [];
        while (tokens.Current.Kind != TokenKind.BlockEnd)
        {
            if (values.Count > 0)
            {
                tokens.Expect(",");
            }

            var target = ReadTarget(withNamespace: false);
            tokens.Expect("=");
            values.Add((target, expressions.Read()));
        }

        EndBlock();
        return new Statement.With(line, values, ReadBodyTo(line, "endwith"));
    }

    // What the assistant is trained on is marked so; a prompt has it as it is.
    private Statement.With ReadGeneration(int line)
    {
        EndBlock();
        return new Statement.With(line, [], ReadBodyTo(line, "endgeneration"));
    }

    private Statement ReadJump(string name, int line)
    {
        EndBlock();
        return loops == 0 ? throw new TemplateFailure($"found '{name}' outside of a loop", line)
            : name == "break" ? new Statement.Break(line) : new Statement.Continue(line);
    }
}
