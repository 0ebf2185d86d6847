using FlexGen.Tokenizers.Chat.Syntax;
using FlexGen.Tokenizers.Chat.Values;

namespace FlexGen.Tokenizers.Chat.Running;

/// <summary>Computes the values of expressions.</summary>
internal sealed class Evaluator(Budget budget, Arithmetic arithmetic, Library library)
{
    /// <param name="scope">The variables that the expression sees.</param>
    /// <param name="expression">The expression.</param>
    /// <param name="body">What the block around it rendered, where it is the filters of one.</param>
    public object Evaluate(Scope scope, Expression expression, object? body = null)
    {
        budget.Step();
        Budget.GoDeeper();
        return expression switch
        {
            Expression.Literal literal => literal.Value,
            Expression.Variable variable => scope.Find(variable.Name) ?? (object?)library.FindGlobal(variable.Name)
                ?? new Undefined($"'{variable.Name}' is not defined"),
            Expression.Body => body!,
            Expression.ListOf list => new ListValue([.. list.Items.Select(item => Evaluate(scope, item))], list.IsTuple),
            Expression.DictOf dict => new DictValue(dict.Items.Select(
                item => KeyValuePair.Create(Evaluate(scope, item.Key), Evaluate(scope, item.Value)))),
            Expression.Member member => Members.Attribute(Evaluate(scope, member.Of), member.Name, library),
            Expression.Item item => Members.Item(Evaluate(scope, item.Of), Evaluate(scope, item.Index), library),
            Expression.Slice slice => Sliced(scope, slice),
            Expression.Call call => Call(scope, call),
            Expression.Filter filter => library.Filter(filter.Name, Evaluate(scope, filter.Value, body), Values(scope, filter.Given)),
            Expression.Test test => library.Test(test.Name, Evaluate(scope, test.Value, body), Values(scope, test.Given)),
            Expression.Sign sign => Arithmetic.Negated(Evaluate(scope, sign.Value), sign.Negates),
            Expression.Binary binary => arithmetic.Apply(binary.Operator, Evaluate(scope, binary.Left), Evaluate(scope, binary.Right)),
            Expression.Concat concat => arithmetic.Concat([.. concat.Parts.Select(part => Printing.Str(Evaluate(scope, part)))]),
            Expression.Comparison comparison => Compared(scope, comparison),
            Expression.And and => Evaluate(scope, and.Left) is var left && Kinds.IsTrue(left) ? Evaluate(scope, and.Right) : left,
            Expression.Or or => Evaluate(scope, or.Left) is var left && Kinds.IsTrue(left) ? left : Evaluate(scope, or.Right),
            Expression.Not not => !Kinds.IsTrue(Evaluate(scope, not.Value)),
            Expression.Conditional conditional => Kinds.IsTrue(Evaluate(scope, conditional.Condition)) ? Evaluate(scope, conditional.Then)
                : conditional.Otherwise is { } otherwise ? Evaluate(scope, otherwise)
                : new Undefined("an if without else was not true"),
            _ => throw new InvalidOperationException(expression.ToString()),
        };
    }

    /// <summary>Calls a function; caller: what a call block gives it.</summary>
    public object Call(Scope scope, Expression.Call call, Function? caller = null)
    {
        var function = Evaluate(scope, call.Function);
        var arguments = Values(scope, call.Given);
        if (caller is not null)
        {
            if (arguments.Named.ContainsKey(ExpressionParser.Caller))
            {
                throw new TemplateFailure("a call block gives the argument 'caller' itself");
            }

            arguments = arguments with { Named = arguments.Named.Append(KeyValuePair.Create<string, object>(ExpressionParser.Caller, caller)).ToDictionary() };
        }

        return function switch
        {
            Function known => known.Call(arguments),
            Loop loop => loop.Recurse(arguments.Bind("loop", 1, "elements")[0]!),
            Undefined undefined => throw undefined.Failure(),
            _ => throw new TemplateFailure($"{Kinds.Name(function)} is called as if it were a function"),
        };
    }

    private CallArguments Values(Scope scope, Expression.Arguments given) => given == Expression.Arguments.None ? CallArguments.None : new CallArguments(
        [.. given.Positional.Select(argument => Evaluate(scope, argument))],
        given.Named.ToDictionary(argument => argument.Name, argument => Evaluate(scope, argument.Value), StringComparer.Ordinal));

    private object Sliced(Scope scope, Expression.Slice slice)
    {
        var value = Evaluate(scope, slice.Of);
        var sliced = Slicing.Slice(value, Bound(slice.Start), Bound(slice.Stop), Bound(slice.Step));
        budget.Make(sliced is Text text ? text.Units : Kinds.Length(sliced));
        return sliced;

        object Bound(Expression? bound) => bound is null ? None.Value : Evaluate(scope, bound);
    }

    private bool Compared(Scope scope, Expression.Comparison comparison)
    {
        var left = Evaluate(scope, comparison.First);
        foreach (var (sign, right) in comparison.Rest)
        {
            var next = Evaluate(scope, right);
            if (!Operators.Holds(sign, left, next))
            {
                return false;
            }

            left = next;
        }

        return true;
    }
}
