using FlexGen.Planning;
using static TorchSharp.torch;

namespace FlexGen.Engine.State;

/// <summary>
/// The KV cache: each micro-batch's slots, cut into a part for each tier by the policy's shares. All of it is allocated before the
/// first token.
/// </summary>
internal sealed class KvCache : IDisposable
{
    private readonly CacheLanes? lanes;

    public KvCache(ModelShape shape, Policy policy, ScalarType type, Device device, string diskFolder, Movement.Trace? trace)
    {
        var (gpu, host, disk) = policy.Cache.Split(policy.GpuBatchSize);
        lanes = host + disk > 0 ? new(device, trace) : null;
        if (gpu > 0)
        {
            Parts.Add(new ResidentPart(shape, policy, 0, gpu, type, device));
        }

        if (host > 0)
        {
            Parts.Add(new HomePart(shape, policy, gpu, host, type, device, lanes!, diskFolder: null));
        }

        if (disk > 0)
        {
            Parts.Add(new HomePart(shape, policy, gpu + host, disk, type, device, lanes!, diskFolder));
        }
    }

    public List<CachePart> Parts { get; } = [];

    /// <summary>
    /// Tokens that attention on a GPU sees for a number of used ones: its kernels read masks whose rows are aligned, and copy others
    /// first.
    /// </summary>
    public static int Padded(int tokens) => (tokens + 15) / 16 * 16;

    /// <summary>Bytes of the cache of some slots.</summary>
    /// <param name="shape">The model.</param>
    /// <param name="slots">Of all micro-batches.</param>
    /// <param name="sequenceLength">Tokens a slot has room for.</param>
    /// <param name="type">The type of its elements.</param>
    public static long Bytes(ModelShape shape, long slots, long sequenceLength, ScalarType type) =>
        shape.KvElementsPerToken * slots * Padded((int)sequenceLength) * DataTypes.Size(type);

    public void Dispose()
    {
        lanes?.Dispose();
        Parts.ForEach(p => p.Dispose());
    }
}
