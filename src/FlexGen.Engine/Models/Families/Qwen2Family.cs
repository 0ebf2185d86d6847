using FlexGen.Engine.Layers;
using FlexGen.Engine.Layers.Llama;

namespace FlexGen.Engine.Models.Families;

/// <summary>Qwen2 and Qwen2.5 (arXiv 2407.10671, 2412.15115): Llama with biases on query, key and value.</summary>
internal sealed class Qwen2Family : ModelFamily
{
    internal override string Architecture => "Qwen2ForCausalLM";

    internal override string ModelType => "qwen2";

    internal override Model Build(ModelConfig config, StoredTensors stored)
    {
        var options = LlamaOptions.Read(config, stored);
        return LlamaLayers.Model("Qwen2", options with { QueryKeyValueBias = true, Window = QwenWindow.Read(config, options.Layers) });
    }
}
