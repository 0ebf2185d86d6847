using System.ComponentModel.DataAnnotations;
using System.Globalization;
using FlexGen.Engine;

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
    public IList<double> Percent { get; set; } = [];

    [Required]
    [RegularExpression("gpu|host|[0-9]{1,2}|100", ErrorMessage = "{0} must be gpu, host or the per cent of sequences that attend on the host.")]
    public string Attention { get; set; } = "gpu";

    public string? DiskDirectory { get; set; }

    /// <exception cref="UsageException">The shares are not six.</exception>
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
        AttentionOnHost = Attention switch { "gpu" => 0, "host" => 100, var percent => int.Parse(percent, CultureInfo.InvariantCulture) },
    });

    private EngineOptions WithPlaces(EngineOptions options)
    {
        if (DiskDirectory is not null)
        {
            options = options with { DiskDirectory = DiskDirectory };
        }
        return Percent switch
        {
            [] => options,
            [var wg, var wc, var cg, var cc, var hg, var hc] => options with { Weights = new(wg, wc), Cache = new(cg, cc), Hidden = new(hg, hc) },
            _ => throw new UsageException(
                $"percent has {Percent.Count} numbers; give six: weights on GPU and host, KV cache on GPU and host, hidden states on GPU and host, such as 20 80 0 100 0 100."),
        };
    }
}
