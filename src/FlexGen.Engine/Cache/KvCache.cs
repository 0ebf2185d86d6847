using FlexGen.Engine.Kernels.Cuda;
using FlexGen.Engine.Tracing;
using FlexGen.Interop;
using FlexGen.Planning;
using static TorchSharp.torch;

namespace FlexGen.Engine.Cache;

/// <summary>
/// The KV cache: each micro-batch's slots, cut into a part for each tier by the policy's shares. All of it is allocated before the
/// first token.
/// </summary>
internal sealed class KvCache : IDisposable
{
    private readonly CacheLanes? lanes;
    private readonly DecodeAttention? kernel;
    private readonly HostExchange? exchange;

    public KvCache(ModelShape shape, Policy policy, ScalarType type, Device device, string diskFolder, Trace? trace)
    {
        var (gpu, host, disk) = policy.Cache.Split(policy.GpuBatchSize);
        var onCompute = Math.Max(gpu, Math.Max(policy.BroughtToGpu(host), policy.BroughtToGpu(disk)));
        try
        {
            kernel = device.type == TorchSharp.DeviceType.CPU || onCompute == 0 ? null : new(shape, onCompute, policy.SequenceLength, type, device);
            lanes = host + disk > 0 ? new(device, disk > 0, trace) : null;
            exchange = lanes?.HasGpu == true && policy.BroughtToGpu(host) + policy.BroughtToGpu(disk) < host + disk ? new(type) : null;
            if (gpu > 0)
            {
                Parts.Add(new ResidentPart(shape, policy, 0, gpu, type, device, kernel));
            }

            AddHomes(gpu, host, null);
            AddHomes(gpu + host, disk, diskFolder);
        }
        catch
        {
            Dispose();
            throw;
        }

        void AddHomes(int first, int slots, string? folder)
        {
            var onHost = slots - policy.BroughtToGpu(slots);
            AddHome(first, onHost, true, folder);
            AddHome(first + onHost, slots - onHost, false, folder);
        }

        void AddHome(int first, int slots, bool attendOnHost, string? folder)
        {
            if (slots > 0)
            {
                var decode = attendOnHost ? new HostDecode(shape, policy, slots, type, lanes!, exchange) : null;
                Parts.Add(new HomePart(shape, policy, first, slots, type, device, lanes!, kernel, decode, folder));
            }
        }
    }

    public List<CachePart> Parts { get; } = [];

    /// <summary>Bytes of the cache of some slots.</summary>
    /// <param name="shape">The model.</param>
    /// <param name="slots">Of all micro-batches.</param>
    /// <param name="sequenceLength">Tokens a slot has room for.</param>
    /// <param name="type">The type of its elements.</param>
    public static long Bytes(ModelShape shape, long slots, long sequenceLength, ScalarType type) =>
        shape.KvElementsPerToken * slots * sequenceLength * DataTypes.Size(type);

    public void Dispose()
    {
        lanes?.Dispose();
        if (kernel is not null || exchange is not null)
        {
            // After a sweep that failed kernels of the parts may still be under way, in no lane: they are unloaded here, and use host memory.
            CudaDriver.Settle();
        }

        Parts.ForEach(p => p.Dispose());
        kernel?.Dispose();
        exchange?.Dispose();
    }
}
