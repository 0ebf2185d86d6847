using System.ComponentModel.DataAnnotations;
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
    [AllowedValues("serial", ErrorMessage = "{0} must be serial.")]
    public string Schedule { get; set; } = "serial";

    public EngineOptions ToOptions() => new()
    {
        Device = Device,
        DataType = DataType,
        GpuMemory = GpuMemory?.Bytes,
        HostMemory = HostMemory?.Bytes,
        GpuBatchSize = GpuBatchSize,
        GpuBatchCount = GpuBatchCount,
        MaxSequenceLength = MaxSequenceLength,
    };
}
