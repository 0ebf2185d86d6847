using Confluent.Kafka;
using Record = FlexGen.Dataflow.Records.Record;

namespace FlexGen.Dataflow.Kafka.Sink;

/// <summary>
/// Makes the messages of a Kafka sink. A result is a JSON object: the record's columns and what the pipeline adds. Key and headers pass
/// through.
/// </summary>
/// <param name="topic">The topic of results.</param>
/// <param name="deadLetterTopic">The topic of dead letters.</param>
/// <param name="json">Writes a record's columns.</param>
internal sealed class ResultFormat(string topic, string deadLetterTopic, RecordJson json)
{
    private readonly DeadLetterFormat deadLetter = new(deadLetterTopic, json);

    /// <summary>Turns what is to be written of a completed record into the bytes that its result is made of, which hold the output from then on.</summary>
    public void Encode(Record record)
    {
        record.Encoded = json.Encode(record);
        record.Completion = json.HoldsOutput ? record.Completion! with { Text = "" } : record.Completion;
    }

    /// <summary>Takes <see cref="Encode"/> back.</summary>
    public void Decode(Record record)
    {
        record.Completion = json.HoldsOutput ? record.Completion! with { Text = json.OutputOf(record) } : record.Completion;
        record.Encoded = null;
    }

    /// <summary>The message of a finished record.</summary>
    /// <param name="record">The record.</param>
    /// <param name="content">What a dead letter holds of it.</param>
    public OutgoingMessage Message(Record record, DeadLetterContent content) => record.Error is not null
        ? deadLetter.Message(record, content)
        : new OutgoingMessage(topic, new Message<byte[], byte[]>
        {
            Key = record.Message?.Key!,
            Value = json.Result(record),
            Headers = record.Message?.Headers,
        });
}
