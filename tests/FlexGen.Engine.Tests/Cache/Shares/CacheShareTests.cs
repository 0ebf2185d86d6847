using FlexGen.Engine.Batch;
using FlexGen.Engine.Cache.Decoding;
using FlexGen.Engine.Cache.Shares;
using FlexGen.Engine.Kernels.Cuda;
using FlexGen.Engine.Layers;
using FlexGen.Engine.Memory;
using FlexGen.Interop;
using FlexGen.Planning;
using FlexGen.Planning.Plans;
using static TorchSharp.torch;

namespace FlexGen.Engine.Tests.Cache.Shares;

/// <summary>Each share by itself: the second and third of four slots.</summary>
public sealed class CacheShareTests : IDisposable
{
    private const int First = 1, Layer = 2, MicroBatch = 1;
    private static readonly ModelShape model = new("test", 2, 32, Heads: 4, KvHeads: 2, HeadDim: 8, 100, 64);
    private readonly Stack<IDisposable> owned = [];

    public static TheoryData<string, string, ScalarType> Cases =>
    [
        .. from device in new[] { "cpu", "cuda" }
           from kind in new[] { "resident", "streamed from host", "streamed from disk", "on host in memory", "on host from disk" }
           from type in new[] { ScalarType.Float32, ScalarType.Float16, ScalarType.BFloat16 }
           select (kind, device, type),
    ];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Attends_for_its_decoding_rows_and_takes_each_new_key_home(string kind, string on, ScalarType type)
    {
        Assert.SkipUnless(on == "cpu" || cuda.is_available(), "no GPU");
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var device = on == "cpu" ? CPU : new Device(TorchSharp.DeviceType.CUDA, 0);
        if (on != "cpu")
        {
            CudaDriver.Use(0);
        }

        manual_seed(1);
        var format = DataTypes.Format(type);
        var (policy, computes) = (new Policy(4, 2, 16) { Cache = kind == "resident" ? Placement.AllGpu : new(0, 0) }, new ComputeDevice(on != "cpu"));
        var plan = new CacheSharePlan(model, policy, new(16, slots: 2, model.KvHeads, model.HeadDim, format), computes)
        {
            Layers = [.. Enumerable.Range(1, model.DecoderLayers)],
            Home = kind == "resident" ? Tier.Gpu : kind.EndsWith("disk", StringComparison.Ordinal) ? Tier.Disk : Tier.Host,
            FirstSlot = First,
            AttendsOnHost = kind.StartsWith("on host", StringComparison.Ordinal),
        };
        var tiers = new Tiers(device, Path.GetTempPath());
        var lanes = new CacheLanes(new(model, format, policy, computes), tiers);
        var (share, read) = Share(kind, plan, type, tiers, lanes);
        var formula = new AttentionByFormula(model, type, device, window: null);
        Sequence?[] slots = [.. new[] { 4, 6, 3, 5 }.Select(length => new Sequence(new(new int[length], SamplingOptions.Greedy), default))];
        for (var sweep = 0; sweep < 3; sweep++)
        {
            var layout = RowLayout.Create(slots, leastRows: 1);
            using var rows = share.Rows(layout, device);
            var input = formula.Next(layout);
            var output = full([layout.Slots.Length, model.Heads * model.HeadDim], double.NaN, type, device);
            using (var attention = Attention(rows, input, output))
            {
                share.Load(Layer, MicroBatch, rows);
                share.Attend(attention);
                share.Finish(attention);
                var mine = Enumerable.Range(0, sweep == 0 ? 0 : 4).Where(r => layout.Slots[r] is First or First + 1).ToList();
                formula.Expect(layout, mine, input, output, $"{kind}, sweep {sweep}");
                var others = Enumerable.Range(0, layout.Slots.Length).Except(mine);
                Assert.All(others, r => Assert.True(output[r].isnan().all().item<bool>(), $"row {r} is not this share's"));
                share.Store(attention);
            }

            foreach (var sequence in slots.OfType<Sequence>())
            {
                sequence.CachedTokens = sequence.Tokens.Count;
                sequence.Append(7, endsSequence: false, longest: 16);
            }
        }

        // They end once all is home.
        lanes.Dispose();
        var there = read().cpu().to(ScalarType.Float64);
        for (var slot = 0; slot < 2; slot++)
        {
            var keys = formula.Keys(First + slot);
            Assert.True(there.narrow(0, 0, keys.shape[0]).select(1, slot).equal(keys).all().item<bool>(), $"slot {slot}'s keys are not at home");
        }
    }

    public void Dispose()
    {
        while (owned.TryPop(out var last))
        {
            last.Dispose();
        }
    }

    private static ShareAttention Attention(ShareRows rows, AttentionInput input, Tensor output) =>
        new(Layer, MicroBatch, rows, input.Query, rows.Of(input.Key).clone(), rows.Of(input.Value).clone(), model.KvHeads, output, input.Scale, input.Window);

    /// <summary>A share, and what reads its keys at home.</summary>
    private (CacheShare Share, Func<Tensor> Read) Share(string kind, CacheSharePlan plan, ScalarType type, Tiers tiers, CacheLanes lanes)
    {
        IDecodeAttention decode = !tiers.HasGpu
            ? new HostDecode()
            : new KernelDecode(Own(new DecodeAttention(new(model, DataTypes.Format(type), plan.Slots, plan.Slab.Tokens), type, null, tiers.Device)));
        if (kind == "resident")
        {
            var resident = Own(ResidentShare.Slabs(plan, type, tiers.Device));
            return (new ResidentShare(plan, resident, decode), () => resident[Layer, MicroBatch].Keys.Tensor);
        }

        var file = plan.Home == Tier.Disk ? Own(tiers.File(plan.FileBytes)!) : null;
        var slabs = Own(new RestingSlabs(plan, lanes, tiers, file));
        Func<ShareAttention, HostRows> give = !tiers.HasGpu
            ? HostDecode.OnCpu
            : Own(new RowExchange(Own(new HostExchange(type)), plan)).Give;
        CacheShare share = kind switch
        {
            "on host in memory" => new HostShareInMemory(plan, lanes, give, slabs),
            "on host from disk" => new HostShareOnDisk(plan, lanes, give, slabs, Own(new CacheStream(plan, type, slabs, lanes, CPU))),
            _ => new StreamedShare(plan, slabs, Own(new CacheStream(plan, type, slabs, lanes, tiers.Device)), decode),
        };
        return (share, () => Slab(slabs, plan, type));
    }

    private Tensor Slab(RestingSlabs slabs, CacheSharePlan plan, ScalarType type)
    {
        var memory = Own(new HostMemory(plan.Slab.AlignedBytes, pinned: false));
        slabs[Layer, MicroBatch].Keys.Read(Copier.OnHost, 0, memory.Address, plan.Slab.Bytes, null);
        return Tensor.UnsafeCreateTensor(TensorFromMemory.Create(memory.Address, [.. plan.Slab.Dimensions], (int)type));
    }

    private T Own<T>(T made)
        where T : IDisposable
    {
        owned.Push(made);
        return made;
    }
}
