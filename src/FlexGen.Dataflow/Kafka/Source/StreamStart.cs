namespace FlexGen.Dataflow.Kafka.Source;

/// <summary>Where the reading of a partition begins.</summary>
/// <param name="Position">The first offset to read.</param>
/// <param name="Start">The first offset that is wanted at all.</param>
/// <param name="CoversFrom">What the first record says is done with it begins here: before the first message there is none.</param>
internal readonly record struct StreamStart(long Position, long Start, long CoversFrom);
