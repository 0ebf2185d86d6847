using FlexGen.Engine.Layers;
using FlexGen.Engine.Layers.Llama;

namespace FlexGen.Engine.Models.Families;

/// <summary>Llama 2 and 3 (Touvron et al., arXiv 2307.09288; Grattafiori et al., arXiv 2407.21783).</summary>
internal sealed class LlamaFamily : ModelFamily
{
    internal override string Architecture => "LlamaForCausalLM";

    internal override string ModelType => "llama";

    internal override Model Build(ModelConfig config, StoredTensors stored)
    {
        var attentionBias = config.Flag("attention_bias", false);
        return LlamaLayers.Model("Llama", LlamaOptions.Read(config, stored) with
        {
            QueryKeyValueBias = attentionBias,
            OutputBias = attentionBias,
            FeedForwardBias = config.Flag("mlp_bias", false),
        });
    }
}
