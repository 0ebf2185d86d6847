using FlexGen.Engine.Batch;
using FlexGen.Engine.Cache;
using FlexGen.Engine.Cache.Shares;
using FlexGen.Interop;
using FlexGen.Planning;
using static TorchSharp.torch;

namespace FlexGen.Engine.Tests.Cache;

public class KvAttentionTests
{
    private static readonly ModelShape shape = new("test", 2, 32, Heads: 4, KvHeads: 2, HeadDim: 8, 100, 64);

    public static TheoryData<string, double, double, double, int?, ScalarType> Cases =>
    [
        .. from device in new[] { "cpu", "cuda" }
           from place in new (double Gpu, double Host)[] { (100, 0), (0, 100), (0, 0), (34, 33) }
           from attention in new[] { 0.0, 50, 100 }
           where place.Gpu < 100 || attention == 0
           select (device, place.Gpu, place.Host, attention, (int?)null, ScalarType.Float32),
        .. from device in new[] { "cpu", "cuda" } from attention in new[] { 0.0, 100 } select (device, 25.0, 50.0, attention, (int?)4, ScalarType.BFloat16),
    ];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Equals_the_formula_for_prompts_and_decoding_sequences_wherever_the_cache_rests_and_is_attended_to(
        string on, double onGpu, double onHost, double attentionOnHost, int? window, ScalarType type)
    {
        Assert.SkipUnless(on == "cpu" || cuda.is_available(), "no GPU");
        using var noGrad = no_grad();
        var device = on == "cpu" ? CPU : new Device(TorchSharp.DeviceType.CUDA, 0);
        if (on != "cpu")
        {
            CudaDriver.Use(0);
        }

        manual_seed(1);
        var policy = new Policy(4, 2, 32) { Cache = new(onGpu, onHost), AttentionOnHost = attentionOnHost };
        using var cache = Cache(policy, type, device);
        var formulas = Enumerable.Range(0, 4).Select(_ => new AttentionByFormula(shape, type, device, window)).ToArray();
        var slots = new Sequence?[4];
        (slots[0], slots[1], slots[3]) = (Sequence(5), Sequence(3), Sequence(11));
        for (var sweep = 0; sweep < 5; sweep++)
        {
            // A prompt among sequences that decode; and one in the slot of another.
            (slots[2], slots[1]) = sweep == 2 ? (Sequence(6), Sequence(2)) : (slots[2], slots[1]);
            var layout = RowLayout.Create(slots, leastRows: 3);
            var attentions = new[] { 0, 1 }.Select(k => new KvAttention(layout, cache, k, device)).ToArray();
            for (var n = 0; n < 4; n++)
            {
                using var scope = NewDisposeScope();
                var (layer, k, formula) = (1 + (n / 2), n % 2, formulas[n]);
                var input = formula.Next(layout);
                attentions[k].Load(layer);
                var output = attentions[k].Begin(layer, input);
                attentions[k].End();
                formula.Expect(layout, Enumerable.Range(0, layout.Slots.Length), input, output, $"sweep {sweep}, layer {layer}, micro-batch {k}");
                scope.Detach(input.Key, input.Value);
                attentions[k].Store();
            }

            Array.ForEach(attentions, a => a.Dispose());
            foreach (var sequence in slots.OfType<Sequence>())
            {
                sequence.CachedTokens = sequence.Tokens.Count;
                sequence.Append(7, endsSequence: false, longest: 32);
            }
        }
    }

    [Theory]
    [InlineData(100, 0, 100, typeof(ResidentShare))]
    [InlineData(0, 100, 0, typeof(StreamedShare))]
    [InlineData(0, 0, 0, typeof(StreamedShare))]
    [InlineData(0, 100, 100, typeof(HostShareInMemory))]
    [InlineData(0, 0, 100, typeof(HostShareOnDisk))]
    [InlineData(50, 50, 50, typeof(ResidentShare), typeof(HostShareInMemory), typeof(StreamedShare))]
    [InlineData(0, 50, 50, typeof(HostShareInMemory), typeof(StreamedShare), typeof(HostShareOnDisk), typeof(StreamedShare))]
    public void The_cache_has_a_share_for_each_home_and_place_of_attention(double onGpu, double onHost, double attentionOnHost, params Type[] shares)
    {
        var policy = new Policy(4, 2, 32) { Cache = new(onGpu, onHost), AttentionOnHost = attentionOnHost };
        using var cache = Cache(policy, ScalarType.Float32, CPU);
        Assert.Equal(shares, cache.Shares.Select(s => s.GetType()));
    }

    private static KvCache Cache(Policy policy, ScalarType type, Device device) =>
        new(new(shape, DataTypes.Format(type), policy, new(device.type != TorchSharp.DeviceType.CPU)), type, new(device, Path.GetTempPath()));

    private static Sequence Sequence(int tokens) => new(new(new int[tokens], SamplingOptions.Greedy), default);
}
