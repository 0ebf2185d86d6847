using FlexGen.Engine.Kernels.Host;
using FlexGen.Planning.Formats;
using FlexGen.Planning.Plans;
using TorchSharp;
using static TorchSharp.torch;

namespace FlexGen.Engine.Layers;

/// <summary>
/// A layer with attention, in two halves: attention may run elsewhere, in host memory, while the compute device does the halves of
/// other micro-batches.
/// </summary>
public abstract class DecoderLayer : Layer
{
    /// <summary>A token sees itself and the window - 1 tokens before it; null: all before it.</summary>
    protected internal virtual int? Window => null;

    /// <summary>Layers of one kind issue the same operations, whatever their sizes.</summary>
    protected internal abstract string Kind { get; }

    /// <summary>What the layer's operations make for one row.</summary>
    /// <param name="wide">Elements of the hidden states that take the room of one of float32.</param>
    protected internal abstract RowElements Elements(long wide);

    internal sealed override LayerOutline Outline(ElementFormat format, Func<WeightSpec, int?> group) =>
        base.Outline(format, group) with { Elements = Elements(format.Wide), Window = Window, Kind = Kind };

    /// <summary>The half before attention.</summary>
    /// <param name="hidden">[tokens, hidden].</param>
    /// <param name="weights">This layer's weights.</param>
    /// <param name="context">What belongs to this pass.</param>
    public abstract AttentionInput Project(Tensor hidden, LayerWeights weights, ForwardContext context);

    /// <summary>The half after it: the output projection, the residual and the feed-forward network.</summary>
    /// <param name="hidden">What <see cref="Project"/> was given.</param>
    /// <param name="attended">[tokens, heads * headDim].</param>
    /// <param name="weights">This layer's weights.</param>
    /// <param name="context">What belongs to this pass.</param>
    /// <returns>[tokens, hidden].</returns>
    public abstract Tensor Complete(Tensor hidden, Tensor attended, LayerWeights weights, ForwardContext context);

    /// <summary>Adds the residual to what a sublayer has just computed, in its place.</summary>
    private protected static Tensor Add(Tensor computed, Tensor residual)
    {
        if (computed.device_type == DeviceType.CPU && computed.dtype is (ScalarType.Float32 or ScalarType.BFloat16)
            && !computed.requires_grad && residual.is_contiguous())
        {
            HostElementwise.Add(computed, residual);
        }
        else
        {
            computed.add_(residual);
        }

        return computed;
    }
}
