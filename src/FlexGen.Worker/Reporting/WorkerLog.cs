using Microsoft.Extensions.Logging;

namespace FlexGen.Worker.Reporting;

/// <summary>The worker's log messages; their event ids are stable.</summary>
internal sealed partial class WorkerLog(ILogger logger)
{
    /// <summary>The event id of <see cref="MeasuringMachine"/>.</summary>
    public const int Measuring = 104;

    /// <summary>The event id of <see cref="ChoseDevices"/>.</summary>
    public const int Devices = 105;

    [LoggerMessage(100, LogLevel.Information, "Loading model {Path}")]
    public partial void LoadingModel(string path);

    [LoggerMessage(101, LogLevel.Information, "Loaded {Model} in {Seconds:F1} s")]
    public partial void LoadedModel(string model, double seconds);

    [LoggerMessage(102, LogLevel.Warning, "{Warning}")]
    public partial void EngineWarning(string warning);

    [LoggerMessage(103, LogLevel.Information, "Plan: {Plan}")]
    public partial void Planned(string plan);

    [LoggerMessage(Measuring, LogLevel.Information, "No plan without a profile: {What}")]
    public partial void MeasuringMachine(string what);

    [LoggerMessage(Devices, LogLevel.Information, "Devices: {Choice}")]
    public partial void ChoseDevices(string choice);

    [LoggerMessage(110, LogLevel.Information, "{Done} of {Total} records, {RecordsPerSecond:N1} records/s, {TokensPerSecond:N1} tokens/s, {Left} left")]
    public partial void Progress(long done, long total, double recordsPerSecond, double tokensPerSecond, string left);

    [LoggerMessage(111, LogLevel.Information, "{Done} records, {RecordsPerSecond:N1} records/s, {TokensPerSecond:N1} tokens/s")]
    public partial void ProgressOfStream(long done, double recordsPerSecond, double tokensPerSecond);

    [LoggerMessage(120, LogLevel.Warning, "Stopped by a signal: {Done} of {Total} records are done and committed; the same command continues with the rest")]
    public partial void Drained(long done, long total);

    [LoggerMessage(121, LogLevel.Warning, "Stopped by a signal before any record was read; nothing was written")]
    public partial void StoppedBeforeStart();

    [LoggerMessage(122, LogLevel.Warning, "Stopped by a signal: {Done} records are done and committed; the same command continues with the rest")]
    public partial void DrainedStream(long done);
}
