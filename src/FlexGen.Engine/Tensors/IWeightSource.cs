using FlexGen.Engine.Models;
using static TorchSharp.torch;

namespace FlexGen.Engine.Tensors;

/// <summary>Where a model's weights come from.</summary>
internal interface IWeightSource : IDisposable
{
    /// <summary>The tokens that end a sequence.</summary>
    IReadOnlyList<int> EndOfSequenceIds { get; }

    /// <summary>The type that most of a model's weights are stored in.</summary>
    ScalarType StoredType(Model model);

    /// <summary>A weight. It may be a view over the source, not to be written to or used after the source is disposed.</summary>
    /// <exception cref="CheckpointException">The source does not have it, or not as the spec says.</exception>
    Tensor Load(WeightSpec spec, ScalarType dtype, Device device);

    /// <summary>A weight that was loaded has been copied: the memory that it takes in the source may go until it is loaded again.</summary>
    void Forget(WeightSpec spec);
}
