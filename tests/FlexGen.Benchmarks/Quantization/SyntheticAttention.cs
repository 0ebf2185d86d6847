using static TorchSharp.torch;

namespace FlexGen.Benchmarks.Quantization;

/// <summary>Queries, keys and values out of a generator. Keys as they are reported of large models: a few channels of each head are far larger, by their spread or by an offset.</summary>
internal static class SyntheticAttention
{
    private const int Heads = 4, KvHeads = 2, Tokens = 512, HeadDim = 128, Outliers = 4, Seed = 1;

    /// <summary>One layer's attention; tensors are [sequences, heads, tokens, headDim].</summary>
    public sealed record Case(Tensor Query, Tensor Key, Tensor Value, double Scale);

    public static IEnumerable<(string Name, IEnumerable<Case> Cases)> All()
    {
        var shape = $"{KvHeads} heads of {HeadDim}, {Tokens} tokens";
        yield return ($"normal keys, {shape}", [Make(spread: 1, offset: 0, rotary: false)]);
        yield return ($"{Outliers} channels of a head 10 x larger, {shape}", [Make(spread: 10, offset: 0, rotary: false)]);
        yield return ($"{Outliers} channels of a head with an offset of 10, {shape}", [Make(spread: 1, offset: 10, rotary: false)]);
        yield return ($"{Outliers} channels of a head 10 x larger before the rotary embedding, {shape}", [Make(spread: 10, offset: 0, rotary: true)]);
        yield return ($"{Outliers} channels of a head with an offset of 10 before the rotary embedding, {shape}", [Make(spread: 1, offset: 10, rotary: true)]);
    }

    /// <summary>Sequences of random tokens.</summary>
    public static IEnumerable<int[]> RandomTokens(int vocabularySize)
    {
        var random = new Random(Seed);
        return [.. Enumerable.Range(0, 4).Select(_ => Enumerable.Range(0, 256).Select(_ => random.Next(vocabularySize)).ToArray())];
    }

    private static Case Make(double spread, double offset, bool rotary)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(Seed);
        var query = randn([1, Heads, Tokens, HeadDim], generator: generator);
        var key = randn([1, KvHeads, Tokens, HeadDim], generator: generator);
        var value = randn([1, KvHeads, Tokens, HeadDim], generator: generator);
        // Every 32nd, so that they differ in their rotary frequency.
        for (var channel = 5L; channel < HeadDim; channel += HeadDim / Outliers)
        {
            key.narrow(3, channel, 1).mul_(spread).add_(offset);
        }

        (query, key) = rotary ? (Rotate(query), Rotate(key)) : (query, key);
        return new(query.MoveToOuterDisposeScope(), key.MoveToOuterDisposeScope(), value.MoveToOuterDisposeScope(), 1 / Math.Sqrt(HeadDim));
    }

    /// <summary>The rotary embedding with base 10,000; channel c is a pair with c + headDim / 2.</summary>
    private static Tensor Rotate(Tensor x)
    {
        var angles = outer(arange(Tokens, ScalarType.Float32), pow(10_000, -arange(0, HeadDim, 2, ScalarType.Float32) / HeadDim));
        var (cosine, sine) = (angles.cos(), angles.sin());
        var (first, second) = (x.narrow(3, 0, HeadDim / 2), x.narrow(3, HeadDim / 2, HeadDim / 2));
        return cat([(first * cosine) - (second * sine), (second * cosine) + (first * sine)], 3);
    }
}
