namespace FlexGen.Planning;

/// <summary>Where bytes live.</summary>
public enum Tier
{
    /// <summary>The compute device's memory; without a GPU, a budgeted part of host memory.</summary>
    Gpu,

    /// <summary>Host memory.</summary>
    Host,

    /// <summary>A file under the disk directory.</summary>
    Disk,
}
