using System.Text;
using FlexGen.Dataflow.Columns;
using FlexGen.Dataflow.Prompts;
using FlexGen.Dataflow.Records;

namespace FlexGen.Dataflow.Tests.Prompts;

public sealed class PromptTemplateTests
{
    [Theory]
    [InlineData("{{a}}", "x {{b}}", "")]
    [InlineData("no column", "no column", "0+9")]
    [InlineData("<{{ a }}|{{b}}>", "<x {{b}}|é>", "0+1 8+1 10+1")]
    [InlineData("{{ a }}{{ a }}", "x {{b}}x {{b}}", "")]
    [InlineData("} {", "} {", "0+3")]
    [InlineData("""{{ "{{" }}a{{'}}'}}{{a}}""", "{{a}}x {{b}}", "0+2 2+1 3+2")]
    public void Only_what_the_author_wrote_is_literal(string template, string text, string literals)
    {
        var (schema, rows) = Texts(("a", "x {{b}}"), ("b", "é"));
        var prompt = PromptTemplate.Parse(template, schema).Render(rows, 0);
        Assert.Equal(text, prompt.Text);
        Assert.Equal(literals, string.Join(' ', prompt.Literals.Select(l => $"{l.Start}+{l.Length}")));
    }

    [Fact]
    public void A_source_is_asked_for_columns_and_not_for_quoted_texts() =>
        Assert.Equal(["a", "b c"], PromptTemplate.Columns("""{{ "{{" }}{{a}} {{ b c }}{{a}}{{ '{{x}}' }}"""));

    [Theory]
    [InlineData("Text: {{ a", 7)]
    [InlineData("{{ a }}{{ \"{{\" ", 8)]
    public void Braces_that_are_not_closed_are_refused_with_their_place_and_how_to_mean_them(string template, int place)
    {
        var message = Assert.Throws<PipelineDefinitionException>(() => PromptTemplate.Parse(template, Texts(("a", "x")).Schema)).Message;
        Assert.Contains($"character {place} is not closed", message, StringComparison.Ordinal);
        Assert.Contains("""{{ "{{" }}""", message, StringComparison.Ordinal);
    }

    private static (RowSchema Schema, Rows Rows) Texts(params (string Name, string Text)[] columns)
    {
        var schema = MessageSchema.Of(columns.Select(c => c.Name));
        var data = columns.Zip(schema.Leaves, (c, leaf) =>
            new TypedColumnData<ReadOnlyMemory<byte>>(leaf.Physical, [Encoding.UTF8.GetBytes(c.Text)], [1], null));
        return (schema, new Rows([.. data]));
    }
}
