using FlexGen.Planning;

namespace FlexGen.Engine.Layers.Llama;

/// <summary>Puts a model built like Llama together.</summary>
internal static class LlamaLayers
{
    public static Model Model(string name, LlamaOptions options) => new(
        new ModelShape(
            name, options.Layers, options.Hidden, options.Heads, options.KvHeads, options.HeadDim,
            options.Vocabulary, options.Context),
        [new LlamaEmbedding(options), .. Enumerable.Range(0, options.Layers).Select(n => new LlamaDecoderLayer(options, n)), new LlamaHead(options)]);
}
