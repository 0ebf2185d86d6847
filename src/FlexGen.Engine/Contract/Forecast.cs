using FlexGen.Planning.Cost;
using FlexGen.Planning.Formats;
using FlexGen.Planning.Hardware;

namespace FlexGen.Engine;

/// <summary>What one GPU and all of them are compared by, where the device is not named.</summary>
/// <param name="Profile">The machine in figures, given the device and the type that is computed in; null: it was never measured.</param>
/// <param name="Workload">What is to be generated. It is asked where there are several GPUs.</param>
public sealed record Forecast(Func<string, ElementFormat, HardwareProfile?> Profile, Func<Workload> Workload);
