namespace FlexGen.Engine;

/// <summary>Why a sequence ended.</summary>
public enum FinishReason
{
    /// <summary>It produced an end-of-sequence token, a stop token or a stop string.</summary>
    Stop,

    /// <summary>It reached the most new tokens asked for, or the length of its slot.</summary>
    Length,
}
