using FlexGen.Constraints;
using FlexGen.Dataflow;
using FlexGen.Worker.Configuration;

namespace FlexGen.Worker.Generation;

/// <summary>Compiles what outputs may be for the tokens of a model.</summary>
internal static class OutputConstraint
{
    /// <summary>What options ask for; null: nothing.</summary>
    /// <exception cref="UsageException">It cannot be compiled.</exception>
    public static Constraint? Of(OutputOptions options, TokenBytes tokens) => options switch
    {
        { IsConstrained: false } => null,
        { Regex: { } regex } => Compiled($"output.regex ({Excerpt.Of(regex)})", "", () => Constraint.ForRegex(regex, tokens)),
        { Schema: { } path } => Compiled($"output.schema ({path})", "; or write output.constrain: false, to have outputs checked when they are there",
            () => Constraint.ForSchema(JsonSource.Read("output.schema", path), tokens, ConstraintOptions.Default)),
        _ => Compiled("output.choices", "", () => Constraint.ForChoices([.. options.Choices], tokens)),
    };

    private static Constraint Compiled(string what, string orElse, Func<Constraint> compile)
    {
        try
        {
            return compile();
        }
        catch (ConstraintException e)
        {
            throw new UsageException($"{what} cannot be made into a constraint: {e.Message.TrimEnd('.')}{orElse}.");
        }
    }
}
