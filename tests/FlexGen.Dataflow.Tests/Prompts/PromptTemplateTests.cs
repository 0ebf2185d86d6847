using System.Text;
using FlexGen.Dataflow.Prompts;
using FlexGen.Dataflow.Records;
using Parquet.Schema;

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
        var logical = new ParquetSchema(columns.Select(c => new DataField<string>(c.Name)));
        var physical = new ParquetSchema(columns.Select(c => new DataField(c.Name, typeof(byte[]))));
        var leaves = columns.Select((c, i) => new Leaf(c.Name, logical.DataFields[i], physical.DataFields[i])).ToArray();
        var data = columns.Select((c, i) => new TypedColumnData<ReadOnlyMemory<byte>>(
            physical.DataFields[i], [Encoding.UTF8.GetBytes(c.Text)], [physical.DataFields[i].MaxDefinitionLevel], null));
        return (new RowSchema(logical.Fields, leaves), new Rows([.. data]));
    }
}
