namespace FlexGen.Worker.Reporting;

/// <summary>How far a run is.</summary>
/// <param name="Done">Records in output or dead letter, those of earlier runs included.</param>
/// <param name="Total">Records of the source; null where no one can know.</param>
/// <param name="RecordsPerSecond">In this run.</param>
/// <param name="TokensPerSecond">Tokens generated in this run.</param>
/// <param name="Left">The time left at that speed.</param>
internal readonly record struct ProgressReading(long Done, long? Total, double RecordsPerSecond, double TokensPerSecond, string Left);
