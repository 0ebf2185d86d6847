namespace FlexGen.Engine.Checkpoints.Packed;

/// <summary>Whose layout weights in 4 bits are stored in.</summary>
internal enum QuantizationMethod
{
    Gptq,
    Awq,

    /// <summary>What <c>flexgen compress</c> writes.</summary>
    Own,
}
