using FlexGen.Engine.Batch;
using FlexGen.Engine.Cache.Decoding;
using FlexGen.Engine.Cache.Shares;
using FlexGen.Engine.Layers;
using static TorchSharp.torch;

namespace FlexGen.Engine.Cache;

/// <summary>
/// Attention of one micro-batch in one sweep, with its KV cache: prompts see their own rows, decoding sequences the cache, each
/// share of it where it rests or where the policy brings it.
/// </summary>
internal sealed class KvAttention : IDisposable
{
    private readonly KvCache cache;
    private readonly int microBatch;
    private readonly Device device;
    private readonly List<PrefillGroup> groups;
    private readonly Dictionary<int, Tensor> masks = [];
    private readonly int rowCount;
    private readonly List<(CacheShare Share, ShareRows Rows)> shares;
    private readonly List<(CacheShare Share, ShareAttention Attention)> started = [];

    public KvAttention(RowLayout layout, KvCache cache, int microBatch, Device device)
    {
        (this.cache, this.microBatch, this.device) = (cache, microBatch, device);
        groups = PrefillGroup.Form(layout.Prefills, device, alone: device.type == TorchSharp.DeviceType.CPU);
        rowCount = layout.Slots.Length;
        shares = [.. cache.Shares.Select(s => (Share: s, Rows: s.Rows(layout, device))).Where(s => s.Rows.Rows.Length > 0)];
    }

    /// <summary>Changes which slots decode and how many tokens each holds, row by row, where all rest on the compute device; 0 tokens: none.</summary>
    public void SetDecodes(IReadOnlyList<RowLayout.Decode> decodes) => shares.Single().Rows.SetDecodes(decodes);

    /// <summary>Brings what the cache must hold on the compute device for a layer.</summary>
    public void Load(int layer) => shares.ForEach(s => s.Share.Load(layer, microBatch, s.Rows));

    /// <summary>Starts the attention of a layer. Its result, [tokens, heads * headDim], is the caller's and complete after <see cref="End"/>.</summary>
    public Tensor Begin(int layer, AttentionInput input)
    {
        var (query, key, value, scale, window) = input;
        var (count, heads, headDim) = (query.size(0), query.size(1), query.size(2));
        var output = empty(count, heads * headDim, query.dtype, device);
        if (rowCount < count)
        {
            // Filler rows are computed on, so they must not be whatever the memory held.
            output.zero_();
        }

        var (kept, kvHeads) = (cache.Kept(key, value), (int)key.size(1));
        foreach (var (share, rows) in shares)
        {
            var (keys, values) = (rows.Of(kept.Keys).DetachFromDisposeScope(), rows.Of(kept.Values).DetachFromDisposeScope());
            var attention = new ShareAttention(layer, microBatch, rows, query, keys, values, kvHeads, output, scale, window);
            share.Attend(attention);
            started.Add((share, attention));
        }

        groups.ForEach(group => Prefill(group, query, key, value, output, scale, window));
        return output;
    }

    /// <summary>What the compute device does from now on waits for the whole result.</summary>
    public void End() => started.ForEach(s => s.Share.Finish(s.Attention));

    /// <summary>Takes the layer's new keys and values home.</summary>
    public void Store()
    {
        foreach (var (share, attention) in started)
        {
            using var scope = NewDisposeScope();
            share.Store(attention);
            attention.Dispose();
        }

        started.Clear();
    }

    public void Dispose()
    {
        groups.ForEach(g => g.Dispose());
        shares.ForEach(s => s.Rows.Dispose());
        foreach (var mask in masks.Values)
        {
            mask.Dispose();
        }

        started.ForEach(s => s.Attention.Dispose());
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
