namespace FlexGen.Planning.Plans;

/// <summary>What a plan must know of the compute devices, which are alike.</summary>
/// <param name="IsGpu">Whether they have memory of their own.</param>
/// <param name="BytesInUse">Of that, what the process takes of each before the first weight: the driver's context and libraries.</param>
/// <param name="Count">How many there are.</param>
public readonly record struct ComputeDevice(bool IsGpu, long BytesInUse = 0, int Count = 1);
