namespace FlexGen.Planning.Hardware;

/// <summary>
/// What copies between the tiers. Without a GPU the compute tier is a part of host memory, and the copies to and from it are a lane's thread's.
/// </summary>
/// <param name="HostToGpu">From pinned host memory by the copy engine.</param>
/// <param name="GpuToHost">To pinned host memory.</param>
/// <param name="DiskRead">From the disk folder, with as many requests in flight as the engine has.</param>
/// <param name="DiskWrite">To it.</param>
/// <param name="DiskToGpu">From the disk folder through staging to the compute device; equal to <paramref name="DiskRead"/> without a GPU.</param>
/// <param name="KernelToGpu">Bytes per second that a kernel reads from pinned host memory; 0 without a GPU.</param>
/// <param name="KernelToHost">Bytes per second that a kernel writes there; 0 without a GPU.</param>
public sealed record LinkRates(
    CopyRates HostToGpu, CopyRates GpuToHost, CopyRates DiskRead, CopyRates DiskWrite, CopyRates DiskToGpu, double KernelToGpu, double KernelToHost);
