using FlexGen.Tokenizers.Chat.Values;

namespace FlexGen.Tokenizers.Chat.Syntax;

/// <summary>What several statements are made of.</summary>
internal sealed partial class TemplateParser
{
    private string lastEnd = "";

    private void EndBlock() => tokens.Expect(TokenKind.BlockEnd, "'%}'");

    /// <summary>Takes the tag that ends a body up to its name; which one it is.</summary>
    private string TakeEnd(int line, params string[] ends)
    {
        if (tokens.Current.Kind == TokenKind.End)
        {
            throw new TemplateFailure($"a block is not closed by '{{% {ends[^1]} %}}'", line);
        }

        tokens.Take();
        lastEnd = tokens.TakeName();
        return lastEnd;
    }

    private List<Statement> ReadBodyTo(int line, string end)
    {
        var body = ReadBody([end]);
        TakeEnd(line, end);
        EndBlock();
        return body;
    }

    /// <summary>A body that a loop around it is not broken from.</summary>
    private List<Statement> ReadFunctionBody(int line, string end)
    {
        var around = loops;
        loops = 0;
        var body = ReadBodyTo(line, end);
        loops = around;
        return body;
    }

    private Target ReadTarget(bool withNamespace)
    {
        var first = ReadOneTarget(withNamespace);
        if (!tokens.IsOperator(","))
        {
            return first;
        }

        List<Target> targets = [first];
        while (tokens.TrySkipOperator(",") && (tokens.Current.Kind == TokenKind.Name || tokens.IsOperator("(")) && !tokens.IsName("in"))
        {
            targets.Add(ReadOneTarget(withNamespace));
        }

        return new Target.Several(targets);
    }

    private Target ReadOneTarget(bool withNamespace)
    {
        if (tokens.TrySkipOperator("("))
        {
            if (++depth > Budget.MostNested)
            {
                throw new TemplateFailure($"targets stand in each other more than {Budget.MostNested} deep", tokens.Current.Line);
            }

            var within = ReadTarget(withNamespace);
            depth--;
            tokens.Expect(")");
            return within;
        }

        var name = tokens.TakeName("a variable's name");
        if (name is "true" or "false" or "none" or "True" or "False" or "None")
        {
            throw new TemplateFailure($"found '{name}' where a variable's name is expected", tokens.Current.Line);
        }

        return withNamespace && tokens.TrySkipOperator(".") ? new Target.Member(name, tokens.TakeName()) : new Target.Variable(name);
    }

    private List<Parameter> ReadParameters()
    {
        tokens.Expect("(");
        List<Parameter> parameters = [];
        while (!tokens.TrySkipOperator(")"))
        {
            if (parameters.Count > 0)
            {
                tokens.Expect(",");
            }

            var name = tokens.TakeName("a parameter's name");
            var otherwise = tokens.TrySkipOperator("=") ? expressions.Read() : null;
            if (otherwise is null && parameters is [.., { Default: not null }])
            {
                throw tokens.Unexpected("a default, which the parameter before has");
            }

            if (parameters.Exists(other => other.Name == name))
            {
                throw tokens.Unexpected($"the parameter '{name}' once");
            }

            parameters.Add(new Parameter(name, otherwise));
        }

        return parameters;
    }
}
