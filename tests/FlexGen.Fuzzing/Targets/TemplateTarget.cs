using System.Text;
using FlexGen.Dataflow.Prompts;

namespace FlexGen.Fuzzing.Targets;

/// <summary>Parses a prompt's template, and renders a message with it.</summary>
internal sealed class TemplateTarget : FuzzTarget
{
    public override string Name => "template";

    public override IEnumerable<byte[]> Seeds() =>
        ["Text: {{ text }}\nJSON:"u8.ToArray(), "{{ \"{{\" }}{{id}} {{ '}}' }}"u8.ToArray(), "{{ text }}{{ text}}{{text }}"u8.ToArray()];

    protected override void Read(byte[] input)
    {
        var text = Encoding.UTF8.GetString(input);
        PromptTemplate.Columns(text);
        var record = MessageTarget.Decode("""{"id": 1, "text": "a {{ b"}"""u8.ToArray());
        PromptTemplate.Parse(text, MessageTarget.Schema).Render(record.Rows, record.Row);
    }
}
