namespace FlexGen.Planning.Plans;

/// <summary>What memory is for, in the order in which people are told.</summary>
public enum Purpose
{
    /// <summary>Weights where they rest.</summary>
    Weights,

    /// <summary>Weights of the layer that computes and of the next, brought to the compute device.</summary>
    StreamedWeights,

    /// <summary>The KV cache where it rests, and what of it is brought to where it is attended to.</summary>
    Cache,

    /// <summary>What the decode kernel puts sequences together from.</summary>
    PartialResults,

    /// <summary>What recorded sweeps compute with.</summary>
    RecordedDecode,

    /// <summary>What layers make on their way.</summary>
    Activations,

    /// <summary>What a GPU's driver and libraries take for themselves.</summary>
    Context,

    /// <summary>Hidden states where they rest.</summary>
    Hidden,

    /// <summary>What bytes pass through between tiers.</summary>
    Staging,

    /// <summary>The runtime, libtorch, and what the C allocator keeps of small tensors.</summary>
    Process,
}
