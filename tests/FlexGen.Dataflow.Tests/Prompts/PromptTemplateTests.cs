using System.Text;
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
    public void Only_what_the_author_wrote_is_literal(string template, string text, string literals)
    {
        var (schema, rows) = Texts(("a", "x {{b}}"), ("b", "é"));
        var prompt = PromptTemplate.Parse(template, schema).Render(rows, 0);
        Assert.Equal(text, prompt.Text);
        Assert.Equal(literals, string.Join(' ', prompt.Literals.Select(l => $"{l.Start}+{l.Length}")));
    }

    private static (RowSchema Schema, Rows Rows) Texts(params (string Name, string Text)[] columns)
    {
        var schema = MessageSchema.Of(columns.Select(c => c.Name));
        var data = columns.Zip(schema.Leaves, (c, leaf) =>
            new TypedColumnData<ReadOnlyMemory<byte>>(leaf.Physical, [Encoding.UTF8.GetBytes(c.Text)], [1], null));
        return (schema, new Rows([.. data]));
    }
}
