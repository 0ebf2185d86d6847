namespace FlexGen.Engine;

/// <summary>A setting that a message of the engine names. Callers have other names for it: see <see cref="EngineMessage.Worded"/>.</summary>
public enum Setting
{
    /// <inheritdoc cref="EngineOptions.Device"/>
    Device,

    /// <inheritdoc cref="EngineOptions.DataType"/>
    DataType,

    /// <inheritdoc cref="EngineOptions.GpuMemory"/>
    GpuMemory,

    /// <inheritdoc cref="EngineOptions.HostMemory"/>
    HostMemory,

    /// <inheritdoc cref="EngineOptions.GpuBatchSize"/>
    GpuBatchSize,

    /// <inheritdoc cref="EngineOptions.GpuBatchCount"/>
    GpuBatchCount,

    /// <inheritdoc cref="EngineOptions.MaxSequenceLength"/>
    MaxSequenceLength,

    /// <summary>The shares of <see cref="EngineOptions.Weights"/>, <see cref="EngineOptions.Cache"/> and <see cref="EngineOptions.Hidden"/>.</summary>
    Shares,

    /// <inheritdoc cref="EngineOptions.CompressWeights"/>
    CompressWeights,

    /// <inheritdoc cref="EngineOptions.DiskDirectory"/>
    DiskDirectory,
}
