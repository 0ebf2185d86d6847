using System.ComponentModel.DataAnnotations;
using FlexGen.Engine;
using FlexGen.Planning;

namespace FlexGen.Worker.Configuration;

/// <summary>The <c>engine</c> key of a pipeline file: how the model is run. What is not given follows from model and machine.</summary>
internal sealed class EngineSettings
{
    [Required]
    [RegularExpression("auto|cpu|cuda:[0-9]+", ErrorMessage = "{0} must be auto, cpu or cuda:N.")]
    public string Device { get; set; } = "auto";

    [Required]
    [AllowedValues("auto", "float32", "bfloat16", "float16", ErrorMessage = "{0} must be auto, float32, bfloat16 or float16.")]
    public string DataType { get; set; } = "auto";

    public ByteSize? GpuMemory { get; set; }

    public ByteSize? HostMemory { get; set; }

    [Range(1, 65536)]
    public int? GpuBatchSize { get; set; }

    [Range(1, 1024)]
    public int GpuBatchCount { get; set; } = 1;

    [Range(2, int.MaxValue)]
    public int? MaxSequenceLength { get; set; }

    [Required]
    [AllowedValues("serial", "zigzag", ErrorMessage = "{0} must be serial or zigzag.")]
    public string Schedule { get; set; } = "zigzag";

    /// <summary>Shares in per cent: weights on GPU and host, KV cache on GPU and host, hidden states on GPU and host; the rest is on disk.</summary>
    [Length(6, 6, ErrorMessage = "{0} must be six numbers: weights on GPU and host, KV cache on GPU and host, hidden states on GPU and host, such as 20 80 0 100 0 100.")]
    public IList<double>? Percent { get; set; }

    [Required]
    [AllowedValues("gpu", "host", ErrorMessage = "{0} must be gpu or host.")]
    public string Attention { get; set; } = "gpu";

    public string? DiskDirectory { get; set; }

    public EngineOptions ToOptions() => WithPlaces(new()
    {
        Device = Device,
        DataType = DataType,
        GpuMemory = GpuMemory?.Bytes,
        HostMemory = HostMemory?.Bytes,
        GpuBatchSize = GpuBatchSize,
        GpuBatchCount = GpuBatchCount,
        MaxSequenceLength = MaxSequenceLength,
        Overlap = Schedule == "zigzag",
        AttentionOn = Attention == "host" ? Tier.Host : Tier.Gpu,
    });

    private EngineOptions WithPlaces(EngineOptions options)
    {
        if (DiskDirectory is not null)
        {
            options = options with { DiskDirectory = DiskDirectory };
        }
        return Percent is [var wg, var wc, var cg, var cc, var hg, var hc]
            ? options with { Weights = new(wg, wc), Cache = new(cg, cc), Hidden = new(hg, hc) }
            : options;
    }
}
