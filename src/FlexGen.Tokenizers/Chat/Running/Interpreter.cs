using FlexGen.Tokenizers.Chat.Syntax;
using FlexGen.Tokenizers.Chat.Values;

namespace FlexGen.Tokenizers.Chat.Running;

/// <summary>Carries a template's statements out, once.</summary>
internal sealed class Interpreter
{
    private readonly Evaluator evaluator;
    private readonly Budget budget;
    private Text.Builder output = new();
    private Scope scope;

    public Interpreter(Budget budget, Scope variables, TimeProvider time)
    {
        this.budget = budget;
        scope = variables;
        var arithmetic = new Arithmetic(budget);
        evaluator = new Evaluator(budget, arithmetic, new Library(budget, time));
    }

    /// <exception cref="TemplateFailure">The template refuses the values, or takes too much.</exception>
    public Text Render(IReadOnlyList<Statement> template) => Capture(new Scope(scope), () => Run(template));

    private Flow Run(IReadOnlyList<Statement> statements)
    {
        foreach (var statement in statements)
        {
            budget.Step();
            try
            {
                if (Run(statement) is var flow and not Flow.Next)
                {
                    return flow;
                }
            }
            catch (TemplateFailure failure)
            {
                failure.At(statement.Line);
                throw;
            }
        }

        return Flow.Next;
    }

    private Flow Run(Statement statement)
    {
        Budget.GoDeeper();
        switch (statement)
        {
            case Statement.Data data:
                Write(data.Text);
                return Flow.Next;
            case Statement.Print print:
                Write(Printing.Str(Evaluate(print.Value)));
                return Flow.Next;
            case Statement.If branching:
                return Run(branching.Branches.FirstOrDefault(branch => Kinds.IsTrue(Evaluate(branch.Condition))).Body ?? branching.Otherwise);
            case Statement.For loop:
                RunLoop(loop, Evaluate(loop.Elements), 0);
                return Flow.Next;
            case Statement.Set set:
                Put(set.Target, Evaluate(set.Value));
                return Flow.Next;
            case Statement.SetBlock set:
                Put(set.Target, Filtered(set.Filtered, set.Body));
                return Flow.Next;
            case Statement.FilterBlock filter:
                Write(Printing.Str(Filtered(filter.Filtered, filter.Body)));
                return Flow.Next;
            case Statement.Macro macro:
                scope.Set(macro.Name, FunctionOf(macro.Name, macro.Parameters, macro.Body, macro.UsesCaller));
                return Flow.Next;
            case Statement.CallBlock call:
                var caller = FunctionOf(ExpressionParser.Caller, call.Parameters, call.Body, usesCaller: true);
                Write(Printing.Str(evaluator.Call(scope, call.Call, caller)));
                return Flow.Next;
            case Statement.With with:
                return RunWith(with);
            default:
                return statement is Statement.Break ? Flow.Break : Flow.Continue;
        }
    }

    private object Evaluate(Expression expression) => evaluator.Evaluate(scope, expression);

    private void Write(Text text)
    {
        budget.Make(text.Units);
        output.Append(text);
    }

    private Flow RunWith(Statement.With with)
    {
        // The values are those of outside, all of them.
        var values = with.Values.Select(value => (value.Target, Value: Evaluate(value.Value))).ToList();
        return Within(new Scope(scope), () =>
        {
            values.ForEach(value => Put(value.Target, value.Value));
            return Run(with.Body);
        });
    }

    private void RunLoop(Statement.For statement, object elements, int depth)
    {
        var around = scope;
        var loop = new Loop(Chosen(statement, Kinds.RequireElements(elements), around), depth, statement.IsRecursive
            ? (others, deeper) => budget.Call(() => Capture(around, () => RunAgain(others, deeper)))
            : null);
        while (loop.TryNext(out var element))
        {
            budget.Step();
            var flow = Within(new Scope(around), () =>
            {
                scope.Set("loop", loop);
                Put(statement.Target, element);
                return Run(statement.Body);
            });
            if (flow == Flow.Break)
            {
                break;
            }
        }

        if (loop.Index == 0 && statement.Otherwise.Count > 0)
        {
            Within(new Scope(around), () => Run(statement.Otherwise));
        }

        Flow RunAgain(object others, int deeper)
        {
            RunLoop(statement, others, deeper);
            return Flow.Next;
        }
    }

    private IEnumerable<object> Chosen(Statement.For statement, IEnumerable<object> elements, Scope around)
    {
        foreach (var element in elements)
        {
            if (statement.Condition is null || Within(new Scope(around), () =>
            {
                Put(statement.Target, element);
                return Kinds.IsTrue(Evaluate(statement.Condition));
            }))
            {
                yield return element;
            }
        }
    }

    private object Filtered(Expression filtered, IReadOnlyList<Statement> body)
    {
        var text = Capture(new Scope(scope), () => Run(body));
        return evaluator.Evaluate(scope, filtered, text);
    }

    private Function FunctionOf(string name, IReadOnlyList<Parameter> parameters, IReadOnlyList<Statement> body, bool usesCaller)
    {
        var around = scope;
        return new Function(name, arguments => budget.Call(() => Capture(new Scope(around), () =>
        {
            BindParameters(name, parameters, arguments, usesCaller);
            return Run(body);
        })));
    }

    private void BindParameters(string name, IReadOnlyList<Parameter> parameters, CallArguments arguments, bool usesCaller)
    {
        const string caller = ExpressionParser.Caller;
        if (arguments.Named.TryGetValue(caller, out var given) && parameters.All(parameter => parameter.Name != caller))
        {
            scope.Set(caller, usesCaller ? given : throw new TemplateFailure($"{name}() is called by a call block, and does not call {caller}()"));
            arguments = arguments with { Named = arguments.Named.Where(argument => argument.Key != caller).ToDictionary() };
        }

        var bound = arguments.Bind(name, [.. parameters.Select(parameter => parameter.Name)]);

        for (var i = 0; i < bound.Length; i++)
        {
            scope.Set(parameters[i].Name, bound[i] ?? (parameters[i].Default is { } otherwise
                ? Evaluate(otherwise)
                : new Undefined($"the argument '{parameters[i].Name}' of {name}() is not given")));
        }
    }

    private void Put(Target target, object value)
    {
        switch (target)
        {
            case Target.Variable variable:
                scope.Set(variable.Name, value);
                break;
            case Target.Member member:
                var set = scope.Find(member.Namespace) as Namespace
                    ?? throw new TemplateFailure($"'{member.Namespace}' is no namespace: only a namespace's members can be set");
                set.Members[member.Name] = value;
                break;
            default:
                var targets = ((Target.Several)target).Targets;
                var values = Kinds.RequireElements(value).Take(targets.Count + 1).ToList();
                if (values.Count != targets.Count)
                {
                    var found = values.Count > targets.Count ? "more" : $"{values.Count}";
                    throw new TemplateFailure($"{targets.Count} variables are set, and there are {found} values");
                }

                for (var i = 0; i < targets.Count; i++)
                {
                    Put(targets[i], values[i]);
                }

                break;
        }
    }

    private T Within<T>(Scope inner, Func<T> work)
    {
        var around = scope;
        scope = inner;
        var result = work();
        scope = around;
        return result;
    }

    private Text Capture(Scope inner, Func<Flow> work)
    {
        var around = output;
        output = new Text.Builder();
        Within(inner, work);
        var captured = output.ToText();
        output = around;
        return captured;
    }
}
