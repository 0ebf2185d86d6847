namespace FlexGen.Interop;

/// <summary>What a GPU has.</summary>
/// <param name="ComputeCapability">Such as 90 for 9.0.</param>
/// <param name="Multiprocessors">How many.</param>
/// <param name="SharedBytes">The most shared memory of a block.</param>
public readonly record struct CudaLimits(int ComputeCapability, int Multiprocessors, int SharedBytes);
