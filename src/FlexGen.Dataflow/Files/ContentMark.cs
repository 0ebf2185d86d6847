namespace FlexGen.Dataflow.Files;

/// <summary>What tells whether rows of a file are still those that were read.</summary>
/// <param name="State">What the file system said of the file, see <see cref="FileState.Mark"/>; null where it proved nothing.</param>
/// <param name="Pages">A hash of the pages that hold the rows, of the columns that were read.</param>
internal sealed record ContentMark(string? State, string Pages);
