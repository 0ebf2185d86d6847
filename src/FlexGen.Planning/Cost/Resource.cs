namespace FlexGen.Planning.Cost;

/// <summary>What a sweep keeps busy, each with one thing at a time.</summary>
public enum Resource
{
    /// <summary>The thread that issues operations. On a CPU it is what computes.</summary>
    Engine,

    /// <summary>The compute device.</summary>
    Compute,

    /// <summary>Copies from host memory to the compute device.</summary>
    ToGpu,

    /// <summary>Copies from the compute device to host memory.</summary>
    ToHost,

    DiskReads,

    DiskWrites,

    /// <summary>Attention in host memory.</summary>
    HostAttention,
}
