using System.Text;
using FlexGen.Dataflow.Columns;
using FlexGen.Dataflow.Prompts;
using FlexGen.Dataflow.Records;

namespace FlexGen.Dataflow.Tests.Prompts;

public sealed class PromptFormTests
{
    private static readonly RowSchema schema = MessageSchema.Of(["a", "b"]);

    [Fact]
    public void Each_message_is_rendered_with_what_of_it_the_author_wrote()
    {
        var prompt = PromptForm.Parse(Messages("Extract: {{ a }}.", "{{ b }}"), schema).Render(Row("x", "<y>"), 0);
        Assert.Equal("", prompt.Text);
        Assert.Equal([("user", "Extract: x.", "0+9 10+1"), ("user", "<y>", "")], prompt.Messages!.Select(
            message => (message.Role, message.Content, string.Join(' ', message.Literals.Select(l => $"{l.Start}+{l.Length}")))));
    }

    [Fact]
    public void A_template_makes_no_messages()
    {
        var prompt = PromptForm.Parse(new PromptOptions { Template = "{{ a }}!" }, schema).Render(Row("x", ""), 0);
        Assert.Equal(("x!", null), (prompt.Text, prompt.Messages));
    }

    [Fact]
    public void A_source_is_asked_for_the_columns_of_all_messages() =>
        Assert.Equal(["b", "a"], PromptForm.Columns(Messages("{{ b }}{{ a }}", "{{ a }}")));

    [Theory]
    [InlineData("x {{ a", "prompt.messages.1.content: the '{{' at character 3 is not closed")]
    [InlineData("{{ c }}", "prompt.messages.1.content: the source has no column 'c'")]
    public void What_is_wrong_with_a_message_is_said_by_its_key(string content, string expected) =>
        Assert.StartsWith(expected, Assert.Throws<PipelineDefinitionException>(() => PromptForm.Parse(Messages("fine", content), schema)).Message, StringComparison.Ordinal);

    [Fact]
    public void A_record_without_a_value_for_a_message_is_refused_alone()
    {
        var form = PromptForm.Parse(Messages("{{ a }}"), schema);
        Assert.Equal("null_value", Assert.Throws<RecordException>(() => form.Render(Row(null, "x"), 0)).Reason);
    }

    private static PromptOptions Messages(params string[] contents) =>
        new() { Messages = [.. contents.Select(content => new MessageOptions { Role = "user", Content = content })] };

    private static Rows Row(params string?[] values) => new([.. values.Zip(schema.Leaves, (value, leaf) => new TypedColumnData<ReadOnlyMemory<byte>>(
        leaf.Physical, value is null ? [] : [Encoding.UTF8.GetBytes(value)], [value is null ? 0 : 1], null))]);
}
