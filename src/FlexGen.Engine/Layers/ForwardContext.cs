using FlexGen.Engine.Kernels.Cuda;
using static TorchSharp.torch;

namespace FlexGen.Engine.Layers;

/// <summary>What one pass of one micro-batch gives every layer. Sequences lie one after another, without padding.</summary>
/// <param name="TokenIds">[tokens], int64.</param>
/// <param name="Positions">[tokens], int64: each token's place in its own sequence, from 0.</param>
/// <param name="LastRows">[sequences], int64: the rows whose logits are wanted.</param>
public sealed record ForwardContext(Tensor TokenIds, Tensor Positions, Tensor LastRows) : IDisposable
{
    /// <summary>What computes on rows between products; null: the compute device is no GPU.</summary>
    internal RowKernels? Rows { get; init; }

    /// <summary>Cosine and sine of the rotary embedding at <see cref="Positions"/>, computed once for all layers.</summary>
    internal (Tensor Cos, Tensor Sin)? Rotary { get; set; }

    /// <summary>The rotary embedding's frequencies, [headDim / 2], on the compute device.</summary>
    internal Tensor? RotaryFrequencies { get; set; }

    /// <summary>Whether what a layer makes on its way is kept, in the dispose scope that the layer is called in, instead of being freed at once.</summary>
    internal bool KeepsAll { get; init; }

    public void Dispose()
    {
        TokenIds.Dispose();
        Positions.Dispose();
        LastRows.Dispose();
        ForgetRotary();
        RotaryFrequencies?.Dispose();
    }

    /// <summary>Computes a tensor and frees what was made on its way.</summary>
    internal Tensor Freeing(Func<Tensor> compute)
    {
        if (KeepsAll)
        {
            return compute();
        }

        using var scope = NewDisposeScope();
        return compute().MoveToOuterDisposeScope();
    }

    /// <summary>Has <see cref="Rotary"/> computed again.</summary>
    internal void ForgetRotary()
    {
        Rotary?.Cos.Dispose();
        Rotary?.Sin.Dispose();
        Rotary = null;
    }
}
