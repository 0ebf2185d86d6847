using FlexGen.Engine.Layers;
using FlexGen.Planning.Formats;
using static TorchSharp.torch;

namespace FlexGen.Engine.Checkpoints;

/// <summary>Where a model's weights come from.</summary>
internal interface IWeightSource : IDisposable
{
    /// <summary>The tokens that end a sequence.</summary>
    IReadOnlyList<int> EndOfSequenceIds { get; }

    /// <summary>The type that most of a model's weights are stored in.</summary>
    ScalarType StoredType(Model model);

    /// <summary>Copies some of a weight's elements, in row-major order.</summary>
    /// <param name="spec">The weight.</param>
    /// <param name="first">The first of them.</param>
    /// <param name="to">[elements], contiguous, of the type and on the device that are wanted.</param>
    /// <exception cref="CheckpointException">The source does not have it, or not as the spec says.</exception>
    void Read(WeightSpec spec, long first, Tensor to);

    /// <summary>The group in which a weight is stored in 4 bits already, and then <see cref="ReadPacked"/> alone reads it; null: it is not.</summary>
    int? PackedGroup(WeightSpec spec);

    /// <summary>Copies some bytes of a weight's packed form: as it is stored, or as it is rounded now.</summary>
    /// <param name="spec">The weight.</param>
    /// <param name="shape">Its packed form; in the group in which it is stored, where it is stored packed.</param>
    /// <param name="start">The first byte.</param>
    /// <param name="to">Where to, in host memory.</param>
    /// <param name="bytes">How many.</param>
    /// <exception cref="CheckpointException">The source does not have it, not as the spec says, or it has a number that is none.</exception>
    void ReadPacked(WeightSpec spec, PackedShape shape, long start, IntPtr to, long bytes);

    /// <summary>All has been read.</summary>
    /// <exception cref="CheckpointException">The source was changed meanwhile, and what was read may be of two states of it.</exception>
    void RequireUnchanged();

    /// <summary>A weight in memory of its own.</summary>
    /// <inheritdoc cref="Read"/>
    static Tensor Load(IWeightSource source, WeightSpec spec, ScalarType dtype, Device device)
    {
        var weight = empty([.. spec.Shape], dtype, device);
        using var elements = weight.view(-1);
        source.Read(spec, 0, elements);
        return weight;
    }
}
