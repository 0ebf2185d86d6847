using System.ComponentModel.DataAnnotations;
using System.Globalization;
using FlexGen.Engine;
using FlexGen.Planning;

namespace FlexGen.Worker.Configuration;

/// <summary>A policy as a user states it: the keys of a policy file, which the <c>engine</c> key of a pipeline file may have too.</summary>
internal class PolicySettings
{
    private const string None = "none", Int4 = "int4";

    [Range(1, 65536)]
    public int? GpuBatchSize { get; set; }

    [Range(1, 1024)]
    public int? GpuBatchCount { get; set; }

    [Range(2, int.MaxValue)]
    public int? MaxSequenceLength { get; set; }

    /// <summary>Shares in per cent: weights on GPU and host, KV cache on GPU and host, hidden states on GPU and host; the rest is on disk.</summary>
    [Shares(3, ErrorMessage = "{0} must be six numbers: weights on GPU and host, KV cache on GPU and host, hidden states on GPU and host, "
        + "none below 0 and no two above 100 together, such as 20 80 0 100 0 100.")]
    public IList<double>? Percent { get; set; }

    [RegularExpression("gpu|host|100|[0-9]{1,2}", ErrorMessage = "{0} must be gpu, host or the per cent of sequences that attend on the host.")]
    public string? Attention { get; set; }

    [Range(1, 1024)]
    public int? WeightPages { get; set; }

    [Required]
    [AllowedValues(None, Int4, ErrorMessage = "{0} must be none or int4.")]
    public string CompressWeights { get; set; } = None;

    [Required]
    [AllowedValues(None, Int4, ErrorMessage = "{0} must be none or int4.")]
    public string CompressKv { get; set; } = None;

    /// <summary>Whether batch sizes, pages, placements or the place of attention are given, so that nothing of them is searched.</summary>
    internal bool HasSizesOrPlaces => (GpuBatchSize ?? GpuBatchCount ?? WeightPages) is not null || Percent is not null || Attention is not null;

    /// <summary>Per cent of the sequences whose cache is not on the GPU that attend to it in host memory.</summary>
    internal int AttentionOnHost => Attention switch { null or "gpu" => 0, "host" => 100, var percent => int.Parse(percent, CultureInfo.InvariantCulture) };

    /// <summary>What the settings call a compression.</summary>
    internal static string CompressionName(Compression compression) => compression == FlexGen.Planning.Compression.Int4 ? Int4 : None;

    protected EngineOptions Apply(EngineOptions options)
    {
        options = options with
        {
            GpuBatchSize = GpuBatchSize,
            GpuBatchCount = GpuBatchCount ?? options.GpuBatchCount,
            MaxSequenceLength = MaxSequenceLength,
            AttentionOnHost = AttentionOnHost,
            WeightPages = WeightPages,
            CompressWeights = Compression(CompressWeights),
            CompressCache = Compression(CompressKv),
        };
        return Percent is [var wg, var wc, var cg, var cc, var hg, var hc]
            ? options with { Weights = new(wg, wc), Cache = new(cg, cc), Hidden = new(hg, hc) }
            : options;
    }

    private static Compression Compression(string name) => name == Int4 ? FlexGen.Planning.Compression.Int4 : FlexGen.Planning.Compression.None;
}
