namespace FlexGen.Dataflow.Parquet.Source;

/// <summary>A value that a record cannot have: its place is blank, and the record goes to the dead letter.</summary>
/// <param name="Leaf">The leaf.</param>
/// <param name="Row">The row, from 0.</param>
/// <param name="Reason">A short stable code.</param>
/// <param name="Message">What was found and what was expected.</param>
internal readonly record struct LeftOut(int Leaf, int Row, string Reason, string Message);
