using FlexGen.Engine.Kernels.Cuda;
using FlexGen.Interop;
using FlexGen.Planning;
using static TorchSharp.torch;

namespace FlexGen.Engine.Cache.Decoding;

/// <summary>Pinned memory in which a GPU's decoding rows meet attention in host memory.</summary>
internal sealed class RowExchange : IDisposable
{
    private readonly HostExchange kernels;
    private readonly HostMemory memory;
    private readonly long bytes;

    /// <param name="kernels">What takes rows between the GPU and this memory.</param>
    /// <param name="shape">The model.</param>
    /// <param name="slots">Most sequences of a pass.</param>
    /// <param name="microBatches">A piece for each: the GPU reads a result when it gets there, after the next micro-batch's queries have come.</param>
    /// <param name="type">The cache's type.</param>
    public RowExchange(HostExchange kernels, ModelShape shape, int slots, int microBatches, ScalarType type)
    {
        (this.kernels, bytes) = (kernels, DirectFile.Align(RowBytes(shape, type) * slots));
        memory = new(bytes * microBatches, pinned: true);
    }

    /// <summary>What one sequence takes: query, key, value and result.</summary>
    public static long RowBytes(ModelShape shape, ScalarType type) =>
        2L * shape.HeadDim * ((shape.Heads * sizeof(float)) + (shape.KvHeads * DataTypes.Size(type)));

    /// <summary>The rows of a layer, which the GPU has been told to put here.</summary>
    public HostRows Give(ShareAttention attention)
    {
        var (count, slab) = (attention.Rows.Decodes.Count, attention.Slab);
        var keyBytes = (nint)(count * slab.KvHeads * slab.HeadDim * DataTypes.Size(attention.Keys.dtype));
        var query = memory.Address + (nint)(bytes * attention.MicroBatch);
        var keys = query + (nint)(count * slab.QueryRow * sizeof(float));
        var (values, result) = (keys + keyBytes, keys + (2 * keyBytes));
        kernels.Give(count, attention.DecodeQuery, attention.Keys, attention.Values, (query, keys, values));
        return new(query, keys, values, result, Take);

        void Take()
        {
            using var output = attention.DecodeOutput;
            kernels.Take(result, output);
        }
    }

    public void Dispose() => memory.Dispose();
}
