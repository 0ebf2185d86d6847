namespace FlexGen.Engine.Models.Families;

/// <summary>Which layers of a Qwen model see only a window.</summary>
internal static class QwenWindow
{
    /// <summary>The window of each layer, null where it sees everything.</summary>
    public static Func<int, int?> Read(ModelConfig config, int layers)
    {
        var window = config.Flag("use_sliding_window", false) ? config.OptionalCount("sliding_window") ?? 4096 : (int?)null;
        var types = config.Texts("layer_types");
        if (types.Count == 0)
        {
            var first = config.Index("max_window_layers", 28);
            return layer => layer >= first ? window : null;
        }

        if (types.Count != layers)
        {
            throw config.Refused("layer_types", $"has {types.Count} entries; 'num_hidden_layers' is {layers}");
        }

        if (types.FirstOrDefault(t => t != "full_attention" && (t != "sliding_attention" || window is null)) is { } refused)
        {
            throw config.Refused("layer_types", $"has '{refused}'; supported are full_attention and, with 'use_sliding_window', sliding_attention");
        }

        return layer => types[layer] == "sliding_attention" ? window : null;
    }
}
