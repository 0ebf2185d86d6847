using FlexGen.Engine.Layers;
using FlexGen.Engine.Layers.Llama;

namespace FlexGen.Engine.Models.Families;

/// <summary>Mistral (Jiang et al., arXiv 2310.06825): Llama with a sliding window in every layer.</summary>
internal sealed class MistralFamily : ModelFamily
{
    internal override string Architecture => "MistralForCausalLM";

    internal override string ModelType => "mistral";

    internal override Model Build(ModelConfig config, StoredTensors stored)
    {
        // Absent means the first release's 4096; null, as later releases have it, means none.
        var window = config.Declares("sliding_window") ? config.OptionalCount("sliding_window") : 4096;
        return LlamaLayers.Model("Mistral", LlamaOptions.Read(config, stored) with { Window = _ => window });
    }
}
