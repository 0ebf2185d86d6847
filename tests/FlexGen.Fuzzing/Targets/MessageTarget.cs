using FlexGen.Dataflow;
using FlexGen.Dataflow.Kafka.Source;
using FlexGen.Dataflow.Prompts;
using FlexGen.Dataflow.Records;

namespace FlexGen.Fuzzing.Targets;

/// <summary>Decodes a message's value, and renders a prompt of its columns.</summary>
internal sealed class MessageTarget : FuzzTarget
{
    private static readonly RowSchema schema = MessageSchema.Of(["id", "text"]);
    private static readonly MessageDecoder decoder = new(schema, isJson: true, maxBytes: 1 << 20, reserved: ["output", "finish_reason"]);
    private static readonly PromptTemplate template = PromptTemplate.Parse("{{ id }} {{ text }}", schema);

    public static RowSchema Schema => schema;

    public override string Name => "message";

    public override IEnumerable<byte[]> Seeds() =>
    [
        """{"id": 1, "text": "a"}"""u8.ToArray(),
        """ {"text": "\ud83d\ude00 \"\\n", "more": [1, {"id": null}], "id": {"a": [1.5e3, true]}} """u8.ToArray(),
    ];

    public static Record Decode(byte[] value)
    {
        var record = new Record(new Assignment("s"), 0, Rows.Empty, 0) { Message = new() { Value = value } };
        decoder.Decode([record]);
        return record;
    }

    public override byte[] Mutate(byte[] seed, byte[] other, Random random) =>
        random.Next(2) == 0 ? JsonMutation.Of(seed, other, random) : ByteMutation.Of(seed, other, random);

    protected override void Read(byte[] input)
    {
        var record = Decode(input);
        if (record.Error is { } error)
        {
            throw new RecordException(error.Reason, error.Message);
        }

        template.Render(record.Rows, record.Row);
    }
}
