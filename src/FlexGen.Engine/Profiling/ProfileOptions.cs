namespace FlexGen.Engine.Profiling;

/// <summary>Of what the figures are wanted.</summary>
public sealed record ProfileOptions
{
    /// <summary>
    /// As in <see cref="EngineOptions.Device"/>: the first is measured and, of several GPUs, what is between them; auto is all GPUs that are alike.
    /// </summary>
    public string Device { get; init; } = "auto";

    /// <summary>As in <see cref="EngineOptions.DataType"/>; auto is float16 on a GPU and float32 on a CPU.</summary>
    public string DataType { get; init; } = "auto";

    /// <inheritdoc cref="EngineOptions.DiskDirectory"/>
    public string DiskDirectory { get; init; } = new EngineOptions().DiskDirectory;

    /// <summary>Of the program that asks, for <see cref="Planning.Hardware.MeasuredOn"/>.</summary>
    public string Version { get; init; } = "";

    /// <summary>A few points of each, and those for a short time: in seconds, and rough.</summary>
    public bool Quick { get; init; }
}
