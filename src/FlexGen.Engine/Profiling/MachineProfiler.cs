using FlexGen.Engine.Memory;
using FlexGen.Engine.Plan;
using FlexGen.Interop;
using FlexGen.Planning.Hardware;
using static TorchSharp.torch;

namespace FlexGen.Engine.Profiling;

/// <summary>
/// Measures the machine with the mechanisms that the engine runs a model with: its lanes, files, products, attention and, for what they cost beside
/// that, tiny models. Under 60 seconds with a GPU, under 20 without.
/// </summary>
public static class MachineProfiler
{
    /// <summary>As models are computed, and before anything else here loads libtorch.</summary>
    static MachineProfiler() => TorchContext.RestIdleThreads();

    /// <summary>Rises when figures are measured otherwise, so that those that were measured before do not pass for them.</summary>
    private const int Revision = 12;

    /// <summary>What figures that are measured now would be of.</summary>
    /// <exception cref="EngineException">The options name what is not on this machine.</exception>
    public static MeasuredOn Identify(ProfileOptions options)
    {
        var (device, type) = Resolve(options);
        var folder = Path.GetFullPath(options.DiskDirectory);
        return new(
            ComputeMemory.Gpu(device) is { } gpu ? $"{CudaDriver.Name(gpu)}, driver {GpuMemory.DriverVersion()}" : null,
            Processor.Name,
            Environment.ProcessorCount,
            $"{folder} on {DirectFile.DeviceOf(folder)}",
            DataTypes.Format(type).Name,
            $"{options.Version}, measurements {Revision}{(options.Quick ? ", quick" : "")}");
    }

    /// <summary>Measures. One at a time in a process, with no model in it.</summary>
    /// <param name="options">Of what.</param>
    /// <param name="progress">Told what is measured next.</param>
    /// <param name="cancellation">Ends it between two measurements.</param>
    /// <exception cref="EngineException">The options cannot be met on this machine.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static HardwareProfile Measure(ProfileOptions options, Action<string>? progress = null, CancellationToken cancellation = default)
    {
        try
        {
            return new Run(options, progress, cancellation).Measure();
        }
        catch (ScratchFileException exception)
        {
            throw new EngineException(new EngineMessage($"{exception.Message} ({Setting.DiskDirectory})"), exception);
        }
    }

    private static (Device Device, ScalarType Type) Resolve(ProfileOptions options)
    {
        var device = Devices.Resolve(options.Device)[0];
        return (device, DataTypes.Resolve(options.DataType, ScalarType.Float16, device));
    }

    private sealed class Run
    {
        private readonly ProfileOptions options;
        private readonly Action<string>? progress;
        private readonly CancellationToken cancellation;
        private readonly Device device;

        /// <summary>All GPUs that a run may take; of CPUs one.</summary>
        private readonly IReadOnlyList<Device> all;
        private readonly ScalarType type;
        private readonly int? gpu;
        private readonly long contextBytes;
        private readonly ProfileScale scale;
        private readonly Timing timing;

        public Run(ProfileOptions options, Action<string>? progress, CancellationToken cancellation)
        {
            // Of several devices, which are alike, the first.
            (device, type) = Resolve(options);
            all = ComputeMemory.Gpu(device) is null ? [device]
                : Devices.Resolve(options.Device == Devices.Auto ? string.Join(',', Devices.Alike()) : options.Device);
            (this.options, this.progress, this.cancellation) = (options with { Device = $"{device}" }, progress, cancellation);
            var before = LoadedModel.Prepare(this.options.Device)[0].GpuBytesBefore;
            gpu = ComputeMemory.Gpu(device);
            if (gpu is { } index)
            {
                LoadedModel.LoadLibraries(device, type);
                contextBytes = GpuMemory.Used(index) - before;
            }

            scale = ProfileScale.For(gpu is not null, options.Quick);
            timing = new(device, scale.Seconds);
        }

        public HardwareProfile Measure()
        {
            using var noGrad = no_grad();
            var measuredOn = Identify(options);
            var machine = MemoryPlan.Machine.This([device], [contextBytes]);
            Begin("the cost of layers and sweeps");
            var names = new EngineOptions { Device = options.Device, DataType = options.DataType };
            var (layers, packedLayers, sweep) = new OverheadMeasurement(scale, device, type, names).Measure();
            Begin("attention in host memory");
            using var attention = new HostAttentionMeasurement(scale, type);
            var (onHost, inTurns) = (attention.Measure(timing), attention.MeasureInTurns(timing));
            Begin("copies");
            using var links = new LinkMeasurement(scale, device);
            var (toGpu, toHost, attentionBeside) = links.Measure(attention);
            var (kernelToGpu, kernelToHost) = links.MeasureKernels(timing);
            Begin("the disk");
            var diskBytes = DirectFile.FreeBytes(options.DiskDirectory);
            using var disk = DiskMeasurement.Open(scale, device, options.DiskDirectory);
            var (read, write, diskToGpu) = disk?.Measure(attention) ?? DiskMeasurement.None;
            var group = MeasureGroup(links);
            Begin("products");
            var (tables, beside) = MeasureProducts(links, disk);
            Begin("attention");
            var onDevice = new DeviceAttentionMeasurement(scale, device, type);
            var decode = gpu is null ? onHost : onDevice.MeasureDecode(timing);
            var compute = new ComputeRates(
                gpu is not null, tables, decode, onDevice.MeasurePrefill(timing), onDevice.MeasureElements(timing), layers, packedLayers, sweep,
                beside[0], gpu is null ? beside[1] : 1);
            return new(
                measuredOn.Gpu is { } name ? $"{name}, {measuredOn.Processor}" : $"{measuredOn.Processor}, {measuredOn.Threads} threads",
                gpu is null ? machine.HostBytes : CudaDriver.TotalMemory(),
                machine.HostBytes,
                disk is null ? 0 : diskBytes,
                contextBytes,
                new(toGpu, toHost, read, write, diskToGpu, kernelToGpu, kernelToHost),
                compute,
                new(onHost, gpu is null ? 1 : attentionBeside, inTurns),
                measuredOn,
                Devices: group);
        }

        /// <summary>What all devices have in common: of GPUs the others get a context for it, and are let reach each other.</summary>
        private DeviceGroup MeasureGroup(LinkMeasurement links)
        {
            Begin(gpu is null ? "host memory" : "host memory, and the way from GPU to GPU");
            if (all.Count > 1)
            {
                LoadedModel.Prepare(string.Join(',', all));
            }

            return new GroupMeasurement(scale, all, links).Measure();
        }

        /// <summary>Tables by the weights' format, and how many times as long a product takes beside copies, and beside reads from disk.</summary>
        private (Dictionary<string, ProductTable> Tables, double[] Beside) MeasureProducts(LinkMeasurement links, DiskMeasurement? disk)
        {
            using var products = new ProductMeasurement(scale, device, type);
            return (products.Measure(timing, [links.Busy, () => disk is null ? [] : [disk.Reading()]], out var beside), beside);
        }

        private void Begin(string what)
        {
            cancellation.ThrowIfCancellationRequested();
            progress?.Invoke(what);
        }
    }
}
