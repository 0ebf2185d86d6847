namespace FlexGen.Planning.Hardware;

/// <summary>What a profile was measured on: where one of them has changed it is measured again.</summary>
/// <param name="Gpu">Name and driver of the GPU; null without one.</param>
/// <param name="Processor">Its name.</param>
/// <param name="Threads">Processors that this process may use.</param>
/// <param name="DiskDirectory">The folder that was read and written, with the device that it is on.</param>
/// <param name="DataType">The type that is computed in.</param>
/// <param name="Version">Of this program.</param>
public sealed record MeasuredOn(string? Gpu, string Processor, int Threads, string DiskDirectory, string DataType, string Version);
