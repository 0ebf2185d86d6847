namespace FlexGen.Dataflow.Tests.Options;

public sealed class OutputOptionsTests
{
    public static TheoryData<OutputOptions, string> Wrong => new()
    {
        { new(), "output.schema is missing. Write a JSON schema file's path there, or output.regex or output.choices" },
        { new() { Schema = "" }, "output.schema must be the path of a JSON schema file" },
        { new() { Schema = "s", Regex = "r" }, "output.schema and output.regex are both given: keep one of them." },
        { new() { Regex = "r", Choices = ["a"] }, "output.regex and output.choices are both given" },
        { new() { Choices = ["a", "b", "a"] }, "output.choices has 'a' twice" },
        { new() { Choices = ["a", ""] }, "output.choices must not hold an empty text" },
        { new() { Regex = "r", Constrain = true }, "output.constrain has no effect without output.schema" },
        { new() { Regex = "r", Constrain = false }, "output.constrain has no effect without output.schema" },
        { new() { Choices = ["a"], Columns = "true" }, "output.columns has no effect without output.schema" },
        { new() { Schema = "s", Columns = "some" }, "output.columns must be true, false or only; found 'some'." },
        { new() { Schema = "s", Constrain = false, CloseInTime = true }, "output.closeInTime has no effect where outputs are not constrained" },
        { new() { Schema = "s", Constrain = false, CloseInTime = false }, "output.closeInTime has no effect where outputs are not constrained" },
        { new() { Reasoning = true, CloseInTime = true }, "output.closeInTime has no effect where outputs are not constrained" },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void What_has_no_effect_or_contradicts_itself_is_refused_by_name(OutputOptions output, string expected) =>
        Assert.Contains(Errors(output), error => error.StartsWith(expected, StringComparison.Ordinal));

    [Fact]
    public void Stops_that_cut_every_output_are_refused_and_others_are_not()
    {
        var schema = new OutputOptions { Schema = "s" };
        Assert.StartsWith("generation.stop has '}', which cuts a JSON document where it is not whole", Assert.Single(Errors(schema, "\n", "}")), StringComparison.Ordinal);
        Assert.Empty(Errors(schema, "\n", "END"));
        Assert.Empty(Errors(new() { Schema = "s", Constrain = false }, "}"));
        Assert.StartsWith("generation.stop has no place beside output.regex", Assert.Single(Errors(new() { Regex = "a+" }, "b")), StringComparison.Ordinal);
        Assert.StartsWith("generation.stop has no place beside output.choices", Assert.Single(Errors(new() { Choices = ["a"] }, "b")), StringComparison.Ordinal);
        var options = new GenerationOptions { IgnoreEos = true };
        Assert.StartsWith("generation.ignoreEos goes past the token that ends a constrained output", Assert.Single(schema.Errors(options)), StringComparison.Ordinal);
    }

    [Fact]
    public void Each_way_to_say_what_an_output_is_is_taken()
    {
        OutputOptions[] outputs =
        [
            new() { Schema = "s" }, new() { Schema = "s", Constrain = true, CloseInTime = false, Columns = "Only" }, new() { Regex = "" }, new() { Choices = ["yes", "no"], CloseInTime = true },
            new() { Reasoning = true }, new() { Schema = "s", Reasoning = true, Columns = "true" },
        ];
        Assert.All(outputs, output => Assert.Empty(Errors(output)));
        Assert.Equal([true, true, true, true, false, true], outputs.Select(output => output.IsConstrained));
    }

    private static List<string> Errors(OutputOptions output, params string[] stops)
    {
        var options = new PipelineOptions
        {
            Name = "test",
            Source = { Parquet = new ParquetSourceOptions { Path = "in" } },
            Prompt = { Template = "a" },
            Generation = { Stop = stops },
            Output = output,
            Sink = { Parquet = new ParquetSinkOptions { Path = "out" } },
            DeadLetter = { Parquet = new ParquetSinkOptions { Path = "errors" } },
        };
        return [.. OptionsValidation.Errors(options)];
    }
}
