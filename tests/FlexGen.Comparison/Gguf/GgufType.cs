namespace FlexGen.Comparison.Gguf;

/// <summary>How a tensor's elements are stored, by the numbers that a GGUF file has for it.</summary>
internal enum GgufType
{
    F32 = 0,

    /// <summary>Blocks of 32: a float16 scale, then 16 bytes, byte i with element i in its low half and element i + 16 in its high one; an element is scale * (q - 8).</summary>
    Q4_0 = 2,

    /// <summary>Blocks of 32: a float16 scale, then 32 signed bytes; an element is scale * q.</summary>
    Q8_0 = 8,
}
