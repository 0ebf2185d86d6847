using FlexGen.Engine.Layers;
using FlexGen.Engine.Layers.Opt;
using FlexGen.Planning;

namespace FlexGen.Engine.Models.Families;

/// <summary>OPT (Zhang et al., arXiv 2205.01068), and Galactica, which is published as one.</summary>
internal sealed class OptFamily : ModelFamily
{
    internal override string Architecture => "OPTForCausalLM";

    internal override string ModelType => "opt";

    internal override Model Build(ModelConfig config, StoredTensors stored)
    {
        var options = OptOptions.Read(config, stored);
        var shape = new ModelShape(
            "OPT", options.Layers, options.Hidden, options.Heads, options.Heads, options.Hidden / options.Heads,
            options.Vocabulary, options.Context);
        var decoder = Enumerable.Range(0, options.Layers).Select(n => new OptDecoderLayer(options, n));
        return new(shape, [new OptEmbedding(options), .. decoder, new OptHead(options)]);
    }
}
