namespace FlexGen.Schemas;

/// <summary>What is wrong with a reference to a schema.</summary>
internal enum ReferenceProblem
{
    None,

    /// <summary>It is no URI.</summary>
    NoUri,

    /// <summary>More than one schema has that name.</summary>
    Ambiguous,

    /// <summary>It is of another file.</summary>
    OtherFile,

    /// <summary>No schema of the file has that name.</summary>
    NoName,

    /// <summary>Nothing is where it points to.</summary>
    NoPlace,
}
