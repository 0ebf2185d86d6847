using System.Collections.Concurrent;
using FlexGen.Dataflow.Records;

namespace FlexGen.Dataflow;

/// <summary>What a run has done so far, counted from its start; safe to read while it goes on.</summary>
public sealed class PipelineProgress
{
    private readonly ConcurrentDictionary<string, long> errorsByReason = new();
    private long recordsCompleted;
    private long recordsFailed;
    private long promptTokens;
    private long completionTokens;

    /// <summary>Records whose output was delivered: is in a part file, or committed to Kafka.</summary>
    public long RecordsCompleted => Interlocked.Read(ref recordsCompleted);

    /// <summary>Records that went to the dead letter, likewise.</summary>
    public long RecordsFailed => Interlocked.Read(ref recordsFailed);

    public long PromptTokens => Interlocked.Read(ref promptTokens);

    public long CompletionTokens => Interlocked.Read(ref completionTokens);

    public IReadOnlyDictionary<string, long> ErrorsByReason => errorsByReason;

    internal void CountDone(Record record)
    {
        if (record.Completion is { } completion)
        {
            Interlocked.Add(ref promptTokens, completion.PromptTokens);
            Interlocked.Add(ref completionTokens, completion.CompletionTokens);
        }

        if (record.Error is { } error)
        {
            Interlocked.Increment(ref recordsFailed);
            errorsByReason.AddOrUpdate(error.Reason, 1, (_, count) => count + 1);
        }
        else
        {
            Interlocked.Increment(ref recordsCompleted);
        }
    }
}
