using Microsoft.Extensions.Logging;

namespace FlexGen.Dataflow;

internal static partial class Log
{
    [LoggerMessage(1001, LogLevel.Information, "{Pipeline}: {Total} records, of which {Done} are done already")]
    public static partial void Opened(ILogger log, string pipeline, long total, long done);

    [LoggerMessage(1002, LogLevel.Warning, "no Parquet file is below {Path}: there is nothing to do")]
    public static partial void SourceEmpty(ILogger log, string path);

    [LoggerMessage(1003, LogLevel.Information, "removed {Path}, which a run that ended early had left")]
    public static partial void TemporaryRemoved(ILogger log, string path);

    [LoggerMessage(1004, LogLevel.Information, "committed {Path} with {Rows} records")]
    public static partial void PartCommitted(ILogger log, string path, long rows);

    [LoggerMessage(1005, LogLevel.Debug, "{Origin} goes to the dead letter: {Reason}: {Message}")]
    public static partial void RecordFailed(ILogger log, string origin, string reason, string message);

    [LoggerMessage(1040, LogLevel.Warning, "{Origin} goes to the dead letter: an unexpected error when {Doing}; others like it are not logged again")]
    public static partial void RecordFailedUnexpectedly(ILogger log, Exception e, string origin, string doing);

    [LoggerMessage(1006, LogLevel.Information, "stopping: what is in flight is given up, what is complete is committed")]
    public static partial void Stopping(ILogger log);

    [LoggerMessage(1007, LogLevel.Information, "{Pipeline}: records are read as they come")]
    public static partial void OpenedStream(ILogger log, string pipeline);

    [LoggerMessage(1008, LogLevel.Information, "the source file {Now} is what earlier runs knew as {Before}: {Rows} of its rows are done")]
    public static partial void StreamRenamed(ILogger log, string before, long rows, string now);

    [LoggerMessage(1020, LogLevel.Information, "assigned {Partitions}")]
    public static partial void PartitionsAssigned(ILogger log, string partitions);

    [LoggerMessage(1021, LogLevel.Information, "gave up {Partitions}: what could be committed is, the rest is read again by whoever gets them")]
    public static partial void PartitionsReleased(ILogger log, string partitions);

    [LoggerMessage(1022, LogLevel.Warning, "lost {Partitions}: the group took this worker for dead; what it had not committed of them is "
        + "dropped here and done by another")]
    public static partial void PartitionsLost(ILogger log, string partitions);

    [LoggerMessage(1023, LogLevel.Warning, "{What} failed and is tried again: {Reason}")]
    public static partial void Retrying(ILogger log, string what, string reason);

    [LoggerMessage(1024, LogLevel.Warning, "{Client}: {Reason}")]
    public static partial void ClientError(ILogger log, string client, string reason);

    [LoggerMessage(1033, LogLevel.Warning, "{Client}: {Reason} (and {LeftOut} like it since the last such line)")]
    public static partial void ClientErrorAgain(ILogger log, string client, string reason, long leftOut);

    [LoggerMessage(1034, LogLevel.Information, "{Client}: the brokers answer again")]
    public static partial void ClientAnswered(ILogger log, string client);

    [LoggerMessage(1025, LogLevel.Debug, "librdkafka: {Message}")]
    public static partial void Client(ILogger log, string message);

    [LoggerMessage(1026, LogLevel.Warning, "a transaction of {Records} records was aborted, they are committed by the next: {Reason}")]
    public static partial void TransactionAborted(ILogger log, int records, string reason);

    [LoggerMessage(1027, LogLevel.Warning, "the producer {TransactionalId} is fenced or broken and is replaced, the group's positions say "
        + "what it committed: {Reason}")]
    public static partial void ProducerReplaced(ILogger log, string transactionalId, string reason);

    [LoggerMessage(1028, LogLevel.Debug, "committed a transaction of {Records} records")]
    public static partial void TransactionCommitted(ILogger log, int records);

    [LoggerMessage(1029, LogLevel.Warning, "{Origin}: the brokers refuse its result, it goes to the dead letter: {Reason}")]
    public static partial void ResultRefused(ILogger log, string origin, string reason);

    [LoggerMessage(1030, LogLevel.Warning, "could not commit before giving partitions up: {Reason}")]
    public static partial void ReleaseFailed(ILogger log, string reason);

    [LoggerMessage(1031, LogLevel.Warning, "a DEMONSTRATION: a Kafka cluster inside this process stands in for brokers, and ends with it; "
        + "{Records} records of {Path} are its messages in the topic {Topic}")]
    public static partial void Demonstration(ILogger log, long records, string path, string topic);

    [LoggerMessage(1032, LogLevel.Information, "in {Topic}: {Result}")]
    public static partial void DemonstrationResult(ILogger log, string topic, string result);

    [LoggerMessage(1035, LogLevel.Warning, "{Partition}: the brokers deleted {Count} offsets before they were read: it was read up to "
        + "{Position}, its log begins at {Beginning}")]
    public static partial void DeletedUnread(ILogger log, string partition, long count, long position, long beginning);

    [LoggerMessage(1036, LogLevel.Information, "waiting for other members of the group {Group}, which have not committed {Partitions} up to "
        + "the ends seen at the start")]
    public static partial void WaitingForGroup(ILogger log, string group, string partitions);

    [LoggerMessage(1050, LogLevel.Warning, "{Origin}: the brokers refuse its dead letter, the next attempt is {Content}: {Reason}")]
    public static partial void DeadLetterRefused(ILogger log, string origin, string content, string reason);

    [LoggerMessage(1051, LogLevel.Warning, "{End}: the brokers tell no ids of topics: it is not seen where one is deleted and created anew")]
    public static partial void NoTopicIds(ILogger log, string end);

    [LoggerMessage(1053, LogLevel.Warning, "the sink's folders hold nothing of what the group {Group} has read, so it is read again; what "
        + "the brokers deleted of it stays missing: {Partitions}")]
    public static partial void GroupAhead(ILogger log, string group, string partitions);

    [LoggerMessage(1052, LogLevel.Information, "{What} do not say which topic they are of, for an earlier version wrote them: they are "
        + "taken for positions in {Topic} as it is now")]
    public static partial void IdTaken(ILogger log, string what, string topic);
}
