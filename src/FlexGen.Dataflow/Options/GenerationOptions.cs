using System.ComponentModel.DataAnnotations;

namespace FlexGen.Dataflow;

/// <summary>How completions are sampled and when they end.</summary>
public class GenerationOptions
{
    [Range(1, int.MaxValue)]
    public int MaxNewTokens { get; set; } = 64;

    /// <summary>0 takes the likeliest token.</summary>
    [Range(0.0, 100.0)]
    public double Temperature { get; set; }

    /// <summary>Sample among this many likeliest tokens; all when it is 0 or not given.</summary>
    [Range(0, int.MaxValue)]
    public int? TopK { get; set; }

    /// <summary>Sample among the likeliest tokens that together have this probability; all when not given.</summary>
    [Range(0.0, 1.0, MinimumIsExclusive = true)]
    public double? TopP { get; set; }

    /// <summary>Above 1, tokens that the text already has become less likely.</summary>
    [Range(0.01, 100.0)]
    public double RepetitionPenalty { get; set; } = 1;

    public long Seed { get; set; }

    /// <summary>Texts that end a completion; they are not part of it. The text of a control token stands for the token, too.</summary>
    [NoEmptyText]
    public IList<string> Stop { get; set; } = [];

    /// <summary>Tokens that end a completion, beside the model's own end-of-sequence tokens.</summary>
    [TokenIds]
    public IList<int> StopTokenIds { get; set; } = [];

    /// <summary>Go on past the model's end-of-sequence tokens.</summary>
    public bool IgnoreEos { get; set; }
}
