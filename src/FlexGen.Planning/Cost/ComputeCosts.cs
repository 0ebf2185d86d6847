using FlexGen.Planning.Formats;
using FlexGen.Planning.Hardware;
using FlexGen.Planning.Plans;

namespace FlexGen.Planning.Cost;

/// <summary>Seconds of the compute device, and of the processor beside it, for parts of a layer.</summary>
internal sealed class ComputeCosts
{
    /// <summary>Of the linear layers of a decoder layer those of query, key and value come before attention.</summary>
    private const int Projecting = 3;

    private readonly ModelOutline model;
    private readonly PolicyPlan plan;
    private readonly HardwareProfile profile;
    private readonly int leastRows;
    private readonly int leastLogits;
    private readonly long rowBytes;
    private readonly List<Product>[] products;
    private readonly List<LayerPlan> layers;
    private readonly Dictionary<(int Sort, bool Completes, int Rows), double> known = [];
    private readonly Dictionary<(bool OnHost, long Tokens), double> attended = [];
    private readonly int[] sorts;
    private readonly int[] first;
    private readonly LayerOverhead[] overheads;

    public ComputeCosts(ModelOutline model, PolicyPlan plan, HardwareProfile profile)
    {
        (this.model, this.plan, this.profile) = (model, plan, profile);
        rowBytes = plan.CacheFormat.Bytes(model.Shape.KvHeads, model.Shape.HeadDim);
        layers = [.. plan.Layers];
        products = [.. layers.Select((layer, j) => Products(layer, model.Layers[j], isEmbedding: j == 0))];
        (sorts, first) = Sorts();
        var packed = plan.CacheFormat.BlockElements > 1 || plan.Stages[0].Weights.Groups.Count > 0;
        overheads = [.. model.Layers.Select(l => OverheadOf(l.Kind, packed ? profile.Compute.PackedLayers : profile.Compute.Layers))];
        // Below, a CPU's products round differently, unless all of them are of packed weights (Policy.LeastRowsOnCpu).
        leastRows = profile.Compute.IsGpu || products.SkipLast(1).All(l => l.TrueForAll(p => p.Format.TileRows > 1)) ? 1 : Policy.LeastRowsOnCpu;
        leastLogits = profile.Compute.IsGpu || products[^1].TrueForAll(p => p.Format.TileRows > 1) ? 1 : Policy.LeastRowsOnCpu;
    }

    public IReadOnlyList<LayerPlan> Layers => layers;

    public bool IsDecoder(int layer) => model.Layers[layer].Elements is not null;

    /// <summary>A number for each layer, the same for those that cost the same.</summary>
    public int Sort(int layer) => sorts[layer];

    /// <summary>What a micro-batch computes, by the sort of layer.</summary>
    public MicroBatchCosts Of(MicroBatchLoad load)
    {
        if (load.Costs is { } known)
        {
            return known;
        }

        var of = new MicroBatchCosts(first.Length, plan.Shares.Count) { HiddenBytes = HiddenBytes(load) };
        for (var sort = 0; sort < first.Length; sort++)
        {
            var layer = first[sort];
            of.Project[sort] = Project(layer, load);
            if (IsDecoder(layer))
            {
                of.Complete[sort] = Complete(layer, load);
                of.Issue[sort] = overheads[layer].Issue(load.Rows);
                if (load.Prompts.Count > 0)
                {
                    of.Prefill[sort] = Prefill(layer, load);
                    of.IssuePrefill[sort] = PrefillGroups(load) * overheads[layer].PromptSeconds;
                }

                for (var n = 0; n < load.Shares.Length; n++)
                {
                    of.Decode[sort, n] = plan.Shares[n].AttendsOnHost ? DecodeOnHost(layer, load.Shares[n]) : Decode(layer, load.Shares[n]);
                }
            }
        }

        return load.Costs = of;
    }

    /// <summary>The half of a layer before attention; of one without, all of it.</summary>
    public double Project(int layer, MicroBatchLoad load) => layer + 1 == layers.Count
        ? Half(layer, false, Math.Max(load.Sequences, leastLogits))
        : Half(layer, false, Math.Max(load.Rows, leastRows));

    /// <summary>The half after attention.</summary>
    public double Complete(int layer, MicroBatchLoad load) => Half(layer, true, Math.Max(load.Rows, leastRows));

    /// <summary>A recorded sweep of all layers, which computes a row for each slot.</summary>
    public double Recorded(MicroBatchLoad load)
    {
        var seconds = 0.0;
        for (var layer = 0; layer < layers.Count; layer++)
        {
            seconds += Recorded(layer, load);
        }

        return seconds;
    }

    /// <summary>One layer of it.</summary>
    public double Recorded(int layer, MicroBatchLoad load)
    {
        var seconds = Half(layer, false, plan.Policy.GpuBatchSize);
        if (!IsDecoder(layer))
        {
            return seconds;
        }

        var attention = 0.0;
        foreach (var share in load.Shares)
        {
            attention += Decode(layer, share);
        }

        return seconds + (Half(layer, true, plan.Policy.GpuBatchSize) + attention);
    }

    /// <summary>Attention of a share's decoding sequences on the compute device.</summary>
    public double Decode(int layer, ShareLoad share) => Attend(layer, share, onHost: false);

    /// <summary>The same in host memory.</summary>
    public double DecodeOnHost(int layer, ShareLoad share) => Attend(layer, share, profile.Compute.IsGpu);

    /// <summary>
    /// Attention of the prompts: 2 L^2 heads headDim operations each, of which a window leaves some out. On a GPU prompts of similar lengths are padded
    /// to the longest and computed together, for which their rows, and the result's, are copied.
    /// </summary>
    public double Prefill(int layer, MicroBatchLoad load)
    {
        var (seconds, heads) = (0.0, (double)model.Shape.Heads * model.Shape.HeadDim);
        foreach (var (length, count) in Groups(load))
        {
            var seen = Math.Min(length, model.Layers[layer].Window ?? length);
            seconds += 2.0 * count * length * seen * heads / profile.Compute.PrefillAttention.At(length);
            // Queries, keys and values are gathered, or keys and values repeated for the heads that share them; the result is laid out and put in place.
            var copies = (count > 1 ? 3 : 0) + (Group > 1 ? 2 : 0) + 2;
            seconds += profile.Compute.IsGpu ? 2.0 * copies * count * length * heads * model.Format.Bytes(1) / profile.Compute.ElementBytes : 0;
        }

        return seconds;
    }

    /// <summary>Groups of prompts that are attended to together.</summary>
    public int PrefillGroups(MicroBatchLoad load) => Groups(load).Count;

    /// <summary>The lengths to which prompts are padded, and how many each has.</summary>
    private List<(int Length, int Count)> Groups(MicroBatchLoad load)
    {
        if (load.Groups is { } known)
        {
            return known;
        }

        var groups = new List<(int Length, int Count)>();
        foreach (var (length, count) in load.Prompts.OrderByDescending(p => p.Length))
        {
            if (!profile.Compute.IsGpu)
            {
                groups.AddRange(Enumerable.Repeat((length, 1), count));
            }
            else if (groups.Count > 0 && WorkspacePlan.ArePadded(groups[^1].Length, length))
            {
                groups[^1] = (groups[^1].Length, groups[^1].Count + count);
            }
            else
            {
                groups.Add((length, count));
            }
        }

        return load.Groups = groups;
    }

    /// <summary>What one layer of a micro-batch costs beside its products and elements.</summary>
    public LayerOverhead Overhead(int layer) => overheads[layer];

    /// <summary>The likeliest token of each sequence, on the compute device.</summary>
    public double Logits(MicroBatchLoad load) =>
        profile.Compute.Sweep.LogitSeconds * Math.Max(load.Sequences, leastLogits) * model.Shape.VocabularySize;

    /// <summary>Bytes of keys and values of so many tokens in one layer.</summary>
    public double CacheBytes(long tokens) => 2.0 * tokens * rowBytes;

    /// <summary>Bytes of a micro-batch's hidden states.</summary>
    public double HiddenBytes(MicroBatchLoad load) => model.Format.Bytes((long)Math.Max(load.Rows, leastRows) * model.Shape.HiddenSize);

    private int Group => model.Shape.Heads / model.Shape.KvHeads;

    private double Attend(int layer, ShareLoad share, bool onHost)
    {
        if (share.Sequences == 0)
        {
            return 0;
        }

        var key = (onHost, share.Seen(model.Layers[layer].Window));
        if (!attended.TryGetValue(key, out var seconds))
        {
            var rates = AttentionRates.Of(onHost ? profile.HostAttention.ByFormat : profile.Compute.DecodeAttention, plan.CacheFormat.Name);
            attended.Add(key, seconds = rates.Seconds(CacheBytes(key.Item2), Group));
        }

        return seconds;
    }

    /// <summary>A kind that was not measured is taken for the slowest.</summary>
    private static LayerOverhead OverheadOf(string? kind, IReadOnlyDictionary<string, LayerOverhead> layers) =>
        kind is not null && layers.TryGetValue(kind, out var overhead) ? overhead : layers.Values.MaxBy(o => o.IssueSeconds)!;

    private double Half(int layer, bool completes, int rows)
    {
        var key = (sorts[layer], completes, rows);
        if (!known.TryGetValue(key, out var seconds))
        {
            known.Add(key, seconds = Computed(layer, completes, rows));
        }

        return seconds;
    }

    private double Computed(int layer, bool completes, int rows)
    {
        var seconds = 0.0;
        foreach (var alike in products[layer].Where(p => p.Completes == completes).GroupBy(p => (p.Format, p.Input)))
        {
            var table = Table(alike.Key.Format);
            seconds += table.Joined is { } joined && rows >= joined.Least && rows <= joined.Most
                ? table.At(rows, alike.Sum(p => p.Elements), alike.Sum(p => p.Ratio))
                : alike.Sum(p => table.At(rows, p.Elements, p.Ratio));
        }

        if (model.Layers[layer].Elements is { } elements)
        {
            var moved = profile.Compute.IsGpu ? elements.Moved : elements.MovedOnHost;
            seconds += ((double)rows * model.Format.Bytes(moved) / 2 / profile.Compute.ElementBytes)
                + ((profile.Compute.IsGpu ? Overhead(layer).RecordedSeconds : 0) / 2);
        }

        return seconds;
    }

    private ProductTable Table(ElementFormat format) =>
        profile.Compute.Products.TryGetValue(format.Name, out var found) ? found : profile.Compute.Products.First(p => p.Key != "int4").Value;

    private static List<Product> Products(LayerPlan plan, LayerOutline outline, bool isEmbedding)
    {
        var found = new List<Product>();
        foreach (var placed in plan.Weights)
        {
            var weight = outline.Weights[placed.Index];
            if (weight.Rows > 1 && !isEmbedding)
            {
                var completes = outline.Elements is not null && found.Count >= Projecting;
                var (elements, ratio) = ((double)weight.Rows * weight.Columns, (double)weight.Rows / weight.Columns);
                // Those before attention have the same rows; of those after it two that are alike, a gated network's.
                var isNext = found.Count > 0 && found[^1] is var last && last.Completes == completes
                    && (outline.Elements is not null && !completes || (last.Elements, last.Ratio) == (elements, ratio));
                found.Add(new(placed.Format, elements, ratio, completes, isNext ? found[^1].Input : found.Count));
            }
        }

        return found;
    }

    /// <summary>Each layer's sort, and the first layer of each.</summary>
    private (int[] Sorts, int[] First) Sorts()
    {
        var different = new List<int>();
        var ofLayers = new int[products.Length];
        for (var layer = 0; layer < products.Length; layer++)
        {
            var known = different.FindIndex(other => IsAlike(model.Layers[other], model.Layers[layer]) && products[other].SequenceEqual(products[layer]));
            if (known < 0)
            {
                known = different.Count;
                different.Add(layer);
            }

            ofLayers[layer] = known;
        }

        return (ofLayers, [.. different]);

        static bool IsAlike(LayerOutline one, LayerOutline other) => (one.Kind, one.Elements, one.Window) == (other.Kind, other.Elements, other.Window);
    }

    /// <param name="Format">The weight's.</param>
    /// <param name="Elements">Of the weight.</param>
    /// <param name="Ratio">Its rows by its columns.</param>
    /// <param name="Completes">Whether it comes after attention.</param>
    /// <param name="Input">The first product with the same rows.</param>
    private readonly record struct Product(ElementFormat Format, double Elements, double Ratio, bool Completes, int Input);
}
