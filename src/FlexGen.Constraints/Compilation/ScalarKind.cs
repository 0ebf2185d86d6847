namespace FlexGen.Constraints.Compilation;

/// <summary>Values that are written as one text.</summary>
internal enum ScalarKind
{
    Text,
    Number,

    /// <summary>null, true and false.</summary>
    Word,
}
