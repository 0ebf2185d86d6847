namespace FlexGen.Comparison;

/// <summary>What of this project's engine is measured in 4 bits, beside bfloat16.</summary>
internal enum Compress
{
    None,

    /// <summary>Weights.</summary>
    Int4,

    /// <summary>Weights, and weights with the KV cache.</summary>
    Both,
}
