using FlexGen.Dataflow.Records;

namespace FlexGen.Dataflow.Parquet.Sink;

/// <summary>The positions whose records are in finished part files, be it of output or dead letter. Safe for several threads.</summary>
internal sealed class PartCoverage
{
    private readonly Lock gate = new();
    private readonly Coverage covered = new();

    /// <param name="found">Those that were there when the folders were taken.</param>
    public PartCoverage(Coverage found) => Add(found);

    /// <summary>Those of a stream. The caller may keep them.</summary>
    public IntervalSet Of(string stream)
    {
        lock (gate)
        {
            return covered.CopyOf(stream);
        }
    }

    /// <summary>Adds what a finished part file covers.</summary>
    public void Add(Coverage part)
    {
        lock (gate)
        {
            covered.Add(part);
        }
    }
}
