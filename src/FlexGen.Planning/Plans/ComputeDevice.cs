namespace FlexGen.Planning.Plans;

/// <summary>What a plan must know of the compute device.</summary>
/// <param name="IsGpu">Whether it has memory of its own.</param>
/// <param name="BytesInUse">Of that, what the process takes before the first weight: the driver's context and libraries.</param>
public readonly record struct ComputeDevice(bool IsGpu, long BytesInUse = 0);
