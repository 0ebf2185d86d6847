namespace FlexGen.Comparison.Models;

/// <summary>A weight in both of its files.</summary>
/// <param name="Name">Hugging Face's.</param>
/// <param name="GgufName">GGUF's.</param>
/// <param name="Shape">[out, in] or [elements].</param>
/// <param name="PairsOfHeads">
/// Of this many heads GGUF has the rows as its rotary embedding takes them, pair by pair: row i, then row i + headDim / 2. 0: they are the same in both.
/// </param>
internal sealed record LlamaWeight(string Name, string GgufName, long[] Shape, int PairsOfHeads = 0)
{
    public bool IsNorm => Shape.Length == 1;

    /// <summary>The elements as GGUF has them.</summary>
    public float[] ForGguf(float[] elements)
    {
        if (PairsOfHeads == 0)
        {
            return elements;
        }

        var (columns, headDim) = ((int)Shape[1], (int)Shape[0] / PairsOfHeads);
        var permuted = new float[elements.Length];
        for (var row = 0; row < Shape[0]; row++)
        {
            var (head, inHead) = (row / headDim, row % headDim);
            var from = (head * headDim) + (inHead % 2 * headDim / 2) + (inHead / 2);
            elements.AsSpan(from * columns, columns).CopyTo(permuted.AsSpan(row * columns));
        }

        return permuted;
    }
}
