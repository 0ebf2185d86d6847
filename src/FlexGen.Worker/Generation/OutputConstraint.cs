using System.Text;
using System.Text.Json;
using FlexGen.Constraints;
using FlexGen.Dataflow;
using FlexGen.Files;
using FlexGen.Worker.Configuration;

namespace FlexGen.Worker.Generation;

/// <summary>Compiles what outputs may be for the tokens of a model.</summary>
internal static class OutputConstraint
{
    private const int LargestSchema = 64 << 20;
    private static readonly JsonDocumentOptions strict = new() { MaxDepth = 512, AllowDuplicateProperties = false };

    /// <summary>What options ask for; null: nothing.</summary>
    /// <exception cref="UsageException">It cannot be compiled.</exception>
    public static Constraint? Of(OutputOptions options, TokenBytes tokens) => options switch
    {
        { IsConstrained: false } => null,
        { Regex: { } regex } => Compiled($"output.regex ({Excerpt.Of(regex)})", "", () => Constraint.ForRegex(regex, tokens)),
        { Schema: { } path } => Compiled($"output.schema ({path})", "; or write output.constrain: false, to have outputs checked when they are there",
            () => Constraint.ForSchema(Read(path), tokens, ConstraintOptions.Default)),
        _ => Compiled("output.choices", "", () => Constraint.ForChoices([.. options.Choices], tokens)),
    };

    /// <summary>The schema in a file, as it stands.</summary>
    /// <exception cref="UsageException">It cannot be read, or is not JSON.</exception>
    public static JsonElement Read(string path)
    {
        try
        {
            using var reader = new StreamReader(new MemoryStream(RegularFile.ReadAll(path, LargestSchema)), Encoding.UTF8);
            return JsonElement.Parse(reader.ReadToEnd(), strict);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new UsageException($"output.schema: cannot use {path} as a JSON schema: {e.Message}");
        }
    }

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
