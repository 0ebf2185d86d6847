using FlexGen.Dataflow.Records;

namespace FlexGen.Dataflow.Ends;

/// <summary>A sink that this process holds.</summary>
/// <param name="Sink">What the graph writes to; disposing it frees all.</param>
/// <param name="Ledger">What the source is told, and tells.</param>
/// <param name="Done">What earlier runs have done.</param>
internal sealed record OpenedSink(ISink Sink, ILedger Ledger, Coverage Done);
