using System.Globalization;
using System.Text;
using Confluent.Kafka;
using Record = FlexGen.Dataflow.Records.Record;

namespace FlexGen.Dataflow.Kafka.Sink;

/// <summary>
/// Makes dead letters: the message as it came, and in headers that begin with <c>flexgen.</c> what there is to say of it. Of one that
/// the topic does not take, less and less, with a header <c>flexgen.dropped.</c> and the bytes of each part that is left out.
/// </summary>
/// <param name="topic">The topic of dead letters.</param>
/// <param name="json">Writes the columns of a record that was no message.</param>
internal sealed class DeadLetterFormat(string topic, RecordJson json)
{
    /// <summary>The longest text of a header, in bytes: an error may quote what the record holds.</summary>
    public const int MaxTextBytes = Excerpt.MessageBytes;

    /// <summary>The longest text of an origin that is a key, in bytes.</summary>
    private const int MaxOriginBytes = 256;

    public OutgoingMessage Message(Record record, DeadLetterContent content) => new(topic, new Message<byte[], byte[]>
    {
        Key = (content < DeadLetterContent.WithoutKey && record.Message?.Key is { } key ? key : content >= DeadLetterContent.Keyed ? Origin(record) : null)!,
        Value = (content < DeadLetterContent.WithoutValue ? Value(record) : null)!,
        Headers = Headers(record, content),
    });

    /// <summary>What to try after the brokers refused a dead letter; null where nothing is left to try.</summary>
    public static DeadLetterContent? After(Record record, DeadLetterContent refused)
    {
        for (var next = refused + 1; next <= DeadLetterContent.Origin; next++)
        {
            var isAnother = next switch
            {
                DeadLetterContent.Keyed => record.Message?.Key is null,
                DeadLetterContent.WithoutValue => record.Message is null || record.Message.Value is not null,
                DeadLetterContent.WithoutHeaders => record.Message?.Headers is { Count: > 0 },
                DeadLetterContent.WithoutKey => record.Message?.Key is not null,
                _ => true,
            };
            if (isAnother)
            {
                return next;
            }
        }

        return null;
    }

    private static byte[] Origin(Record record) => Utf8(Excerpt.OfBytes(record.Origin.ToString(), MaxOriginBytes));

    private byte[]? Value(Record record) => record.Message is { } message ? message.Value : json.Columns(record);

    private Headers? Headers(Record record, DeadLetterContent content)
    {
        if (content == DeadLetterContent.Origin)
        {
            return null;
        }

        var headers = new Headers();
        if (content < DeadLetterContent.WithoutHeaders)
        {
            foreach (var header in record.Message?.Headers ?? [])
            {
                headers.Add(header.Key, header.GetValueBytes());
            }
        }

        AddReason(headers, record, content);
        AddDropped(headers, record, content);
        return headers;
    }

    private static void AddReason(Headers headers, Record record, DeadLetterContent content)
    {
        Add("flexgen.reason", record.Error!.Reason);
        if (content < DeadLetterContent.Reason)
        {
            Add("flexgen.error", record.Error.Message);
            if (record.Completion is { } completion)
            {
                Add("flexgen.output", completion.Text);
            }
        }

        if (record.Assignment.Partition is { } partition)
        {
            Add("flexgen.origin.topic", partition.Topic);
            Add("flexgen.origin.partition", Number(partition.Partition.Value));
            Add("flexgen.origin.offset", Number(record.Position));
        }
        else
        {
            Add("flexgen.origin.file", record.Origin.Stream);
            Add("flexgen.origin.row", Number(record.Origin.Position));
        }

        void Add(string name, string value) =>
            headers.Add(name, Utf8(Excerpt.OfBytes(value, content < DeadLetterContent.Reason ? MaxTextBytes : MaxOriginBytes)));
    }

    private void AddDropped(Headers headers, Record record, DeadLetterContent content)
    {
        if (content >= DeadLetterContent.WithoutValue && Value(record) is { } value)
        {
            Add("value", value.Length);
        }

        if (content >= DeadLetterContent.WithoutHeaders && record.Message?.Headers is { Count: > 0 } all)
        {
            Add("headers", all.Sum(header => (long)Encoding.UTF8.GetByteCount(header.Key) + (header.GetValueBytes()?.Length ?? 0)));
        }

        if (content >= DeadLetterContent.WithoutKey && record.Message?.Key is { } key)
        {
            Add("key", key.Length);
        }

        void Add(string part, long bytes) => headers.Add($"flexgen.dropped.{part}", Utf8(Number(bytes)));
    }

    private static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);
}
