using System.Text.Encodings.Web;
using System.Text.Json;
using FlexGen.Dataflow;
using FlexGen.Dataflow.Checks;

namespace FlexGen.Constraints.Tests;

/// <summary>Whatever a schema says, masks and check are of one opinion.</summary>
public class RandomSchemaTests
{
    private static readonly JsonSerializerOptions plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Given_random_schemas_then_draws_are_valid_and_values_are_allowed_as_they_are_valid(int part)
    {
        var count = int.TryParse(Environment.GetEnvironmentVariable("FLEXGEN_RANDOM_SCHEMAS"), out var asked) ? asked : 60;
        var wrong = new List<string>();
        var compiled = 0;
        for (var seed = part * 1_000_000; seed < (part * 1_000_000) + count; seed++)
        {
            var drawn = new RandomSchema(seed);
            var schema = drawn.Schema().ToJsonString(plain);
            try
            {
                var check = OutputSchema.Parse(schema, TimeProvider.System);
                compiled += Hold(schema, seed, drawn, check, wrong) ? 1 : 0;
            }
            catch (Exception e) when (e is ConstraintException or PipelineDefinitionException)
            {
                // Nothing fits it, mostly.
            }
            catch (Exception e)
            {
                wrong.Add($"{seed} {schema}: {e}");
            }
        }

        Assert.Empty(wrong);
        Assert.True(compiled > count / 3, $"{compiled} of {count} were held against each other");
    }

    private static bool Hold(string schema, int seed, RandomSchema drawn, OutputSchema check, List<string> wrong)
    {
        var ordered = Rules.Schema(schema);
        var any = Rules.Schema(schema, new() { PropertyOrder = PropertyOrder.Any });
        for (var n = 0; n < 4; n++)
        {
            var constraint = n % 2 == 0 ? ordered : any;
            var walk = RandomWalk.Take(constraint, seed + n, constraint.EnoughTokens + (n * 8));
            if (!walk.IsWhole || (constraint.Unenforced.Count == 0 && !IsValid(check, walk.Text)))
            {
                wrong.Add($"{seed} {schema}: {(walk.IsWhole ? "invalid" : "not whole")} {walk.Text}");
            }
        }

        for (var n = 0; n < 30; n++)
        {
            var text = drawn.Value()?.ToJsonString(plain) ?? "null";
            var (isValid, isAllowed) = (IsValid(check, text), Allows(any, text));
            if (isValid ? !isAllowed : isAllowed && any.Unenforced.Count == 0)
            {
                wrong.Add($"{seed} {schema}: {(isValid ? "refused" : "accepted")} {text}");
            }
        }

        return any.Unenforced.Count == 0;
    }

    private static bool Allows(Constraint constraint, string text)
    {
        var rule = constraint.Begin();
        return System.Text.Encoding.UTF8.GetBytes(text).All(value => rule.Take(value)) && rule.MayEnd;
    }

    private static bool IsValid(OutputSchema check, string text)
    {
        try
        {
            check.Check(text);
            return true;
        }
        catch (RecordException)
        {
            return false;
        }
    }
}
