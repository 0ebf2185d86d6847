using Microsoft.Extensions.Logging;

namespace FlexGen.Dataflow;

internal static partial class Log
{
    [LoggerMessage(1001, LogLevel.Information, "{Pipeline}: {Total} records, of which {Done} are done already")]
    public static partial void Opened(ILogger log, string pipeline, long? total, long done);

    [LoggerMessage(1002, LogLevel.Warning, "no Parquet file is below {Path}: there is nothing to do")]
    public static partial void SourceEmpty(ILogger log, string path);

    [LoggerMessage(1003, LogLevel.Information, "removed {Path}, which a run that ended early had left")]
    public static partial void TemporaryRemoved(ILogger log, string path);

    [LoggerMessage(1004, LogLevel.Information, "committed {Path} with {Rows} records")]
    public static partial void PartCommitted(ILogger log, string path, long rows);

    [LoggerMessage(1005, LogLevel.Debug, "{Origin} goes to the dead letter: {Reason}: {Message}")]
    public static partial void RecordFailed(ILogger log, string origin, string reason, string message);

    [LoggerMessage(1006, LogLevel.Information, "stopping: what is in flight is given up, what is complete is committed")]
    public static partial void Stopping(ILogger log);
}
