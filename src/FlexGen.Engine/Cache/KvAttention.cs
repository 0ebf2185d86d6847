using FlexGen.Engine.Batch;
using FlexGen.Engine.Layers;
using FlexGen.Planning;
using static TorchSharp.torch;

namespace FlexGen.Engine.Cache;

/// <summary>
/// Attention of one micro-batch in one sweep, with its KV cache: prompts see their own rows, decoding sequences the cache, each
/// part of it where it rests or where the policy brings it.
/// </summary>
internal sealed class KvAttention : IDisposable
{
    private readonly int microBatch;
    private readonly Device device;
    private readonly List<PrefillGroup> groups;
    private readonly Dictionary<int, Tensor> masks = [];
    private readonly int rowCount;
    private readonly List<(CachePart Part, PartRows Rows)> parts;
    private readonly List<(CachePart Part, PartPass Pass)> passes = [];

    public KvAttention(RowLayout layout, KvCache cache, int microBatch, Device device)
    {
        (this.microBatch, this.device) = (microBatch, device);
        groups = PrefillGroup.Form(layout.Prefills, device, alone: device.type == TorchSharp.DeviceType.CPU);
        rowCount = layout.Slots.Length;
        parts = [.. cache.Parts.Select(p => (Part: p, Rows: new PartRows(layout, p, device))).Where(p => p.Rows.Rows.Length > 0)];
    }

    /// <summary>The most elements of a row that prompts take on the way to their part of the result: queries, keys and values, repeated and padded.</summary>
    /// <param name="shape">The model.</param>
    /// <param name="wide">Elements that take the room of one of float32.</param>
    /// <param name="hasGpu">Whether prompts are computed together.</param>
    /// <param name="windowed">Whether results are put together from blocks.</param>
    public static long PrefillElements(ModelShape shape, long wide, bool hasGpu, bool windowed)
    {
        var heads = (long)shape.Heads * shape.HeadDim;
        var results = (heads * (windowed ? 2 : 1)) + (wide * shape.Heads);
        return hasGpu
            ? ((3 * heads) + results) * PrefillGroup.MostPadded.Rows / PrefillGroup.MostPadded.Of
            : results + (shape.KvHeads < shape.Heads ? 2 * heads : 0);
    }

    /// <summary>Changes which slots decode and how many tokens each holds, row by row, where all rest on the compute device; 0 tokens: none.</summary>
    public void SetDecodes(IReadOnlyList<RowLayout.Decode> decodes) => parts.Single().Rows.Group!.Set(decodes);

    /// <summary>Brings what the cache must hold on the compute device for a layer.</summary>
    public void Load(int layer) => parts.ForEach(p => p.Part.Load(layer, microBatch, p.Rows));

    /// <summary>Starts the attention of a layer. Its result, [tokens, heads * headDim], is complete after <see cref="End"/>.</summary>
    public Tensor Begin(AttentionInput input)
    {
        var (layer, query, key, value, scale, window) = input;
        var output = empty(query.shape[0], query.shape[1] * query.shape[2], query.dtype, device).DetachFromDisposeScope();
        if (rowCount < query.shape[0])
        {
            // Filler rows are computed on, so they must not be whatever the memory held.
            output.zero_();
        }

        foreach (var (part, rows) in parts)
        {
            var (keys, values) = (rows.Of(key).DetachFromDisposeScope(), rows.Of(value).DetachFromDisposeScope());
            var pass = new PartPass(layer, microBatch, rows, query, keys, values, output, scale, window);
            part.Attend(pass);
            passes.Add((part, pass));
        }

        groups.ForEach(group => Prefill(group, query, key, value, output, scale, window));
        return output;
    }

    /// <summary>What the compute device does from now on waits for the whole result.</summary>
    public void End() => passes.ForEach(p => p.Part.Finish(p.Pass));

    /// <summary>Takes the layer's new keys and values home.</summary>
    public void Store()
    {
        foreach (var (part, pass) in passes)
        {
            using var scope = NewDisposeScope();
            part.Store(pass);
            pass.Dispose();
        }

        passes.Clear();
    }

    public void Dispose()
    {
        groups.ForEach(g => g.Dispose());
        parts.ForEach(p => p.Rows.Dispose());
        foreach (var mask in masks.Values)
        {
            mask.Dispose();
        }

        passes.ForEach(p => p.Pass.Dispose());
    }

    private void Prefill(PrefillGroup group, Tensor query, Tensor key, Tensor value, Tensor output, double scale, int? window)
    {
        using var scope = NewDisposeScope();
        var result = Attended(group, query, key, value, scale, window);
        if (group.Gather is null)
        {
            output.narrow(0, group.FirstRow, group.Length).copy_(result);
        }
        else
        {
            output.index_copy_(0, group.Rows!, result.index_select(0, group.Padded!));
        }
    }

    /// <summary>[count * length, heads * headDim].</summary>
    private Tensor Attended(PrefillGroup group, Tensor query, Tensor key, Tensor value, double scale, int? window)
    {
        using var scope = NewDisposeScope();
        var (q, k, v) = (Heads(group, query, query.shape[1]), Heads(group, key, query.shape[1]), Heads(group, value, query.shape[1]));
        var result = window < group.Length
            ? ScaledDotProduct.Windowed(q, k, v, scale, window.Value, Mask(window.Value, query.dtype))
            : ScaledDotProduct.Causal(q, k, v, scale);
        return result.transpose(1, 2).reshape(group.Count * group.Length, -1).MoveToOuterDisposeScope();
    }

    /// <summary>The same for all layers with this window.</summary>
    private Tensor Mask(int window, ScalarType type)
    {
        if (!masks.TryGetValue(window, out var mask))
        {
            masks.Add(window, mask = ScaledDotProduct.Mask(window, type, device));
        }

        return mask;
    }

    /// <summary>[rows, its heads, headDim] -> [count, heads, length, headDim]: heads that are shared are repeated.</summary>
    private static Tensor Heads(PrefillGroup group, Tensor x, long heads)
    {
        using var scope = NewDisposeScope();
        var own = group.Gather is null ? x.narrow(0, group.FirstRow, group.Length) : x.index_select(0, group.Gather);
        return own.reshape(group.Count, group.Length, x.shape[1], 1, x.shape[2]).permute(0, 2, 3, 1, 4)
            .expand(group.Count, x.shape[1], heads / x.shape[1], group.Length, x.shape[2]).flatten(1, 2).MoveToOuterDisposeScope();
    }
}
