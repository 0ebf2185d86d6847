namespace FlexGen.Dataflow.Parquet.Sink;

/// <summary>A source file that a run found under another name than before.</summary>
/// <param name="Name">Its name when part files were written from it.</param>
/// <param name="Identity">What its content was: <see cref="Ends.ISource.Identities"/>.</param>
/// <param name="Now">The name since.</param>
/// <param name="State">What the file system said of it, see <see cref="Files.FileState.Mark"/>; null where it proved nothing.</param>
internal sealed record StreamMove(string Name, string Identity, string Now, string? State);
