using System.Globalization;
using System.Text;
using Confluent.Kafka;
using Record = FlexGen.Dataflow.Records.Record;

namespace FlexGen.Dataflow.Sinks;

/// <summary>
/// Makes the messages of a Kafka sink. A result is a JSON object: the record's columns and what the pipeline adds. A dead letter is the
/// message as it came. Key and headers pass through; what a dead letter has to say is in headers that begin with <c>flexgen.</c>.
/// </summary>
/// <param name="topic">The topic of results.</param>
/// <param name="deadLetterTopic">The topic of dead letters.</param>
/// <param name="json">Writes a record's columns.</param>
internal sealed class ResultFormat(string topic, string deadLetterTopic, RecordJson json)
{
    private static readonly byte[] dropped = "true"u8.ToArray();

    /// <summary>Turns what is to be written of a completed record into the bytes that its result is made of, which hold the output from then on.</summary>
    public void Encode(Record record)
    {
        record.Encoded = json.Encode(record);
        record.Completion = record.Completion! with { Text = "" };
    }

    /// <summary>Takes <see cref="Encode"/> back.</summary>
    public void Decode(Record record)
    {
        record.Completion = record.Completion! with { Text = json.OutputOf(record) };
        record.Encoded = null;
    }

    /// <summary>The message of a finished record.</summary>
    /// <param name="record">The record.</param>
    /// <param name="withoutPayload">Leave the value of a dead letter out.</param>
    public OutgoingMessage Message(Record record, bool withoutPayload)
    {
        if (record.Error is null)
        {
            return new OutgoingMessage(topic, new Message<byte[], byte[]>
            {
                Key = record.Message?.Key!,
                Value = json.Result(record),
                Headers = record.Message?.Headers,
            });
        }
        var headers = new Headers();
        foreach (var header in record.Message?.Headers ?? [])
        {
            headers.Add(header.Key, header.GetValueBytes());
        }
        AddReason(headers, record);
        if (withoutPayload)
        {
            headers.Add("flexgen.payload-dropped", dropped);
        }
        return new OutgoingMessage(deadLetterTopic, new Message<byte[], byte[]>
        {
            Key = record.Message?.Key!,
            Value = withoutPayload ? null! : record.Message is { } message ? message.Value! : json.Columns(record),
            Headers = headers,
        });
    }

    private static void AddReason(Headers headers, Record record)
    {
        Add("flexgen.reason", record.Error!.Reason);
        Add("flexgen.error", record.Error.Message);
        if (record.Completion is { } completion)
        {
            Add("flexgen.output", completion.Text);
        }
        if (record.Assignment.Partition is { } partition)
        {
            Add("flexgen.origin.topic", partition.Topic);
            Add("flexgen.origin.partition", partition.Partition.Value.ToString(CultureInfo.InvariantCulture));
            Add("flexgen.origin.offset", record.Position.ToString(CultureInfo.InvariantCulture));
        }
        else
        {
            Add("flexgen.origin.file", record.Origin.Stream);
            Add("flexgen.origin.row", record.Origin.Position.ToString(CultureInfo.InvariantCulture));
        }

        void Add(string name, string value) => headers.Add(name, Encoding.UTF8.GetBytes(value));
    }
}
