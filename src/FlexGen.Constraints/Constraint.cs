using System.Text.Json;

namespace FlexGen.Constraints;

/// <summary>Which texts an output may be, compiled once for a vocabulary; thread-safe and shared by all sequences.</summary>
public sealed class Constraint
{
    private Constraint() => Unenforced = [];

    /// <summary>Keywords that the masks do not enforce; where there are none, whatever the masks allow is valid.</summary>
    public IReadOnlyList<UnenforcedKeyword> Unenforced { get; }

    /// <param name="schema">A JSON schema of draft 4, 6, 7, 2019-09 or 2020-12.</param>
    /// <param name="tokens">What the model's tokens write.</param>
    /// <param name="options">How.</param>
    /// <exception cref="ConstraintException">It is no schema, no value fits it, or it has what can be neither enforced nor checked afterwards.</exception>
    public static Constraint ForSchema(JsonElement schema, TokenBytes tokens, ConstraintOptions options) => throw new NotImplementedException();

    /// <param name="pattern">An ECMA-262 expression that the whole output matches.</param>
    /// <param name="tokens">What the model's tokens write.</param>
    /// <exception cref="ConstraintException">It is none, nothing matches it, or it has what no automaton can do.</exception>
    public static Constraint ForRegex(string pattern, TokenBytes tokens) => throw new NotImplementedException();

    /// <param name="choices">The texts of which the output is one.</param>
    /// <param name="tokens">What the model's tokens write.</param>
    /// <exception cref="ConstraintException">There are none, or one is no text.</exception>
    public static Constraint ForChoices(IReadOnlyList<string> choices, TokenBytes tokens) => throw new NotImplementedException();

    /// <summary>The state of one sequence, at its start.</summary>
    public TokenRule Begin() => throw new NotImplementedException();
}
