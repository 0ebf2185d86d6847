using System.Buffers;
using System.Text;
using FlexGen.Dataflow.Records;
using Parquet;
using Parquet.Schema;

namespace FlexGen.Dataflow.Parquet.Sink;

/// <summary>A column that the pipeline adds to those that pass through.</summary>
internal abstract class AddedColumn(DataField field, DataField physical)
{
    /// <summary>The column in a part file's schema.</summary>
    public DataField Field { get; } = field;

    /// <summary>The same column by the type its values are handed over as.</summary>
    protected DataField Physical { get; } = new ParquetSchema(physical).DataFields[0];

    private static IReadOnlyList<AddedColumn> OfOutputs { get; } =
    [
        new Text(AddedNames.Output, r => r.Completion!.Text),
        new Text(AddedNames.Reasoning, r => r.Completion!.Reasoning, isNullable: true),
        new Text(AddedNames.FinishReason, r => r.Completion!.FinishReason),
        new Number(AddedNames.PromptTokens, r => r.Completion!.PromptTokens),
        new Number(AddedNames.CompletionTokens, r => r.Completion!.CompletionTokens),
    ];

    private static IReadOnlyList<AddedColumn> OfDeadLetters { get; } =
    [
        new Text(AddedNames.ErrorReason, r => r.Error!.Reason),
        new Text(AddedNames.Error, r => r.Error!.Message),
        new Text(AddedNames.Output, r => r.Completion?.Text, isNullable: true),
        new Text(AddedNames.Origin, r => r.Origin.Stream),
        new LongNumber(AddedNames.OriginPosition, r => r.Origin.Position),
    ];

    /// <summary>What a message has beside its value, and its value as it came: a dead letter's may hold no columns.</summary>
    private static IReadOnlyList<AddedColumn> OfMessages { get; } =
    [
        new Binary(AddedNames.MessageKey, r => r.Message!.Key),
        new Text(AddedNames.MessageHeaders, r => MessageHeaders.ToJson(r.Message!.Headers), isNullable: true),
        new Binary(AddedNames.MessageValue, r => r.Message!.Value),
    ];

    /// <summary>The columns of the output.</summary>
    /// <inheritdoc cref="AddedNames.ToOutputs"/>
    public static IReadOnlyList<AddedColumn> ToOutputs(bool fromMessages, OutputOptions? output = null) =>
        Named(AddedNames.ToOutputs(fromMessages, output), OfOutputs);

    /// <summary>The columns of the dead letter.</summary>
    /// <inheritdoc cref="AddedNames.ToDeadLetters"/>
    public static IReadOnlyList<AddedColumn> ToDeadLetters(bool fromMessages) => Named(AddedNames.ToDeadLetters(fromMessages), OfDeadLetters);

    /// <summary>The same column under another name.</summary>
    public abstract AddedColumn As(string name);

    public abstract Task WriteAsync(ParquetRowGroupWriter writer, IReadOnlyList<Record> records, CancellationToken cancellationToken);

    private static AddedColumn[] Named(IEnumerable<string> names, IEnumerable<AddedColumn> columns)
    {
        var byName = columns.Concat(OfMessages).ToDictionary(column => column.Field.Name);
        return [.. names.Select(name => byName[name])];
    }

    private sealed class Number(string name, Func<Record, int> value)
        : AddedColumn(new DataField<int>(name), new DataField<int>(name))
    {
        public override AddedColumn As(string name) => new Number(name, value);

        public override Task WriteAsync(ParquetRowGroupWriter writer, IReadOnlyList<Record> records, CancellationToken cancellationToken) =>
            writer.WriteAllPartsAsync<int>(Physical, records.Select(value).ToArray(), null, null, cancellationToken);
    }

    private sealed class LongNumber(string name, Func<Record, long> value)
        : AddedColumn(new DataField<long>(name), new DataField<long>(name))
    {
        public override AddedColumn As(string name) => new LongNumber(name, value);

        public override Task WriteAsync(ParquetRowGroupWriter writer, IReadOnlyList<Record> records, CancellationToken cancellationToken) =>
            writer.WriteAllPartsAsync<long>(Physical, records.Select(value).ToArray(), null, null, cancellationToken);
    }

    private sealed class Binary(string name, Func<Record, byte[]?> value)
        : AddedColumn(new DataField(name, typeof(byte[]), isNullable: true), new DataField(name, typeof(byte[]), isNullable: true))
    {
        public override AddedColumn As(string name) => new Binary(name, value);

        public override Task WriteAsync(ParquetRowGroupWriter writer, IReadOnlyList<Record> records, CancellationToken cancellationToken)
        {
            var values = records.Select(value).ToArray();
            return writer.WriteAllPartsAsync<ReadOnlyMemory<byte>>(
                Physical,
                values.Where(bytes => bytes is not null).Select(bytes => new ReadOnlyMemory<byte>(bytes)).ToArray(),
                values.Select(bytes => bytes is null ? 0 : 1).ToArray(),
                null,
                cancellationToken);
        }
    }

    // Texts are handed over as UTF-8, since of strings Parquet.Net would put the longest into the footer as minimum and maximum.
    private sealed class Text(string name, Func<Record, string?> value, bool isNullable = false)
        : AddedColumn(new DataField(name, typeof(string), isNullable), new DataField(name, typeof(byte[]), isNullable))
    {
        public override AddedColumn As(string name) => new Text(name, value, isNullable);

        public override async Task WriteAsync(
            ParquetRowGroupWriter writer, IReadOnlyList<Record> records, CancellationToken cancellationToken)
        {
            var texts = records.Select(value).ToArray();
            var utf8 = ArrayPool<byte>.Shared.Rent(texts.Sum(text => text is null ? 0 : Encoding.UTF8.GetByteCount(text)));
            var values = new ReadOnlyMemory<byte>[texts.Count(text => text is not null)];
            var definitions = isNullable ? new int[texts.Length] : null;
            var end = 0;
            var count = 0;
            for (var i = 0; i < texts.Length; i++)
            {
                if (texts[i] is not { } text)
                {
                    continue;
                }

                var length = Encoding.UTF8.GetBytes(text, utf8.AsSpan(end));
                values[count++] = utf8.AsMemory(end, length);
                end += length;
                if (definitions is not null)
                {
                    definitions[i] = 1;
                }
            }

            await writer.WriteAllPartsAsync<ReadOnlyMemory<byte>>(Physical, values, definitions?.AsMemory(), null, cancellationToken);
            ArrayPool<byte>.Shared.Return(utf8);
        }
    }
}
