using System.Text.RegularExpressions;
using FlexGen.Constraints;
using FlexGen.Dataflow;
using FlexGen.Worker.Configuration;

namespace FlexGen.Worker.Generation;

/// <summary>Compiles what outputs may be for the tokens of a model.</summary>
internal static partial class OutputConstraint
{
    /// <summary>What options ask for, ready for the first sequence; null: nothing.</summary>
    /// <param name="options">The options.</param>
    /// <param name="tokens">What the model's tokens write.</param>
    /// <param name="hidesFirstSpace">Whether an output does not show the space that its first token begins with: then it begins with one.</param>
    /// <exception cref="UsageException">It cannot be compiled.</exception>
    public static Constraint? Of(OutputOptions options, TokenBytes tokens, bool hidesFirstSpace = false) => options switch
    {
        { IsConstrained: false } => null,
        { Regex: { } regex } => Compiled(
            $"output.regex ({Excerpt.Of(regex)})", "", () => Constraint.ForRegex(hidesFirstSpace ? AfterSpace(regex) : regex, tokens)),
        { Schema: { } path } => Compiled($"output.schema ({path})", "; or write output.constrain: false, to have outputs checked when they are there",
            () => Constraint.ForSchema(JsonSource.Read("output.schema", path), tokens, new() { IntegersOf64Bits = options.HasColumns })),
        _ => Compiled(
            "output.choices", "", () => Constraint.ForChoices([.. options.Choices.Select(choice => hidesFirstSpace ? " " + choice : choice)], tokens)),
    };

    /// <summary>The expression after a space; as it is where its own beginning may be anywhere.</summary>
    private static string AfterSpace(string regex) => Beginnings().Count(regex) switch
    {
        0 => $" (?:{regex})",
        1 when regex[0] == '^' && !regex.Contains('|', StringComparison.Ordinal) => $"^ {regex[1..]}",
        _ => regex,
    };

    [GeneratedRegex(@"(?<![\[\\])\^")]
    private static partial Regex Beginnings();

    private static Constraint Compiled(string what, string orElse, Func<Constraint> compile)
    {
        try
        {
            return compile().Prepare();
        }
        catch (ConstraintException e)
        {
            throw new UsageException($"{what} cannot be made into a constraint: {e.Message.TrimEnd('.')}{orElse}.");
        }
    }
}
