using FlexGen.Engine.Layers;
using FlexGen.Engine.Layers.Llama;

namespace FlexGen.Engine.Models.Families;

/// <summary>Qwen3 (arXiv 2505.09388): Llama with a norm on every query and key head.</summary>
internal sealed class Qwen3Family : ModelFamily
{
    internal override string Architecture => "Qwen3ForCausalLM";

    internal override string ModelType => "qwen3";

    internal override Model Build(ModelConfig config, StoredTensors stored)
    {
        var attentionBias = config.Flag("attention_bias", false);
        var options = LlamaOptions.Read(config, stored, headDim: 128);
        return LlamaLayers.Model("Qwen3", options with
        {
            QueryKeyValueBias = attentionBias,
            OutputBias = attentionBias,
            HeadNorm = true,
            Window = QwenWindow.Read(config, options.Layers),
        });
    }
}
