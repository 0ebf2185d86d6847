namespace FlexGen.Constraints.Running;

/// <summary>Where in the syntax of a document one is.</summary>
internal enum PositionKind
{
    /// <summary>Before a value.</summary>
    Value,

    /// <summary>In a text, a number, or what is written in letters.</summary>
    Scalar,

    /// <summary>In a property's name.</summary>
    Name,

    /// <summary>After one.</summary>
    Colon,

    /// <summary>After a value.</summary>
    After,

    /// <summary>After the bracket that begins an object.</summary>
    ObjectStart,

    /// <summary>After the comma before a name.</summary>
    NextName,

    /// <summary>After the bracket that begins an array.</summary>
    ArrayStart,

    /// <summary>Before a name of which cannot be said whether it is taken.</summary>
    Unsure,
}
