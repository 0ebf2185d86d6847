using FlexGen.Engine.Batch;
using FlexGen.Engine.Cache;
using FlexGen.Engine.Checkpoints;
using FlexGen.Engine.Execution;
using FlexGen.Engine.Hidden;
using FlexGen.Engine.Kernels.Cuda;
using FlexGen.Engine.Kernels.Host;
using FlexGen.Engine.Layers;
using FlexGen.Engine.Memory;
using FlexGen.Engine.Models;
using FlexGen.Engine.Plan;
using FlexGen.Engine.Quantization;
using FlexGen.Engine.Tracing;
using FlexGen.Engine.Weights;
using FlexGen.Interop;
using FlexGen.Planning;
using FlexGen.Planning.Cost;
using FlexGen.Planning.Plans;
using FlexGen.Planning.Schedule;
using static TorchSharp.torch;

namespace FlexGen.Engine;

/// <summary>A model on its compute device with the memory it runs in: everything that is allocated before the first token.</summary>
internal sealed class LoadedModel : IDisposable
{
    private readonly Model model;
    private readonly IPackedProduct? product;
    private readonly WeightStore weights;
    private readonly KvCache cache;
    private readonly HiddenStore hidden;
    private readonly Trace? trace;
    private readonly bool overlap;
    private readonly long gpuBytesBefore;
    private readonly ResourceMeter meter = new();

    /// <summary>Before a checkpoint's first tensor loads libtorch.</summary>
    static LoadedModel() => TorchContext.RestIdleThreads();

    private LoadedModel(IWeightSource source, Model model, EngineOptions options)
    {
        (this.model, overlap, trace) = (model, options.Overlap, options.Trace);
        EndOfSequenceIds = new HashSet<int>(source.EndOfSequenceIds);
        (Device, gpuBytesBefore) = Prepare(options.Device);
        DataType = DataTypes.Resolve(options.DataType, source.StoredType(model), Device);
        if (ComputeMemory.Gpu(Device) is not null)
        {
            trace?.UseGpu();
            LoadLibraries(Device, DataType);
        }

        Outline = model.Outline(DataTypes.Format(DataType), source.PackedGroup);
        Plan = MemoryPlan.Choose(Outline, DataType, Device, options, MemoryPlan.Machine.This(Device, GpuBytesInUse));
        Warning = MemoryPlan.Warning(options with { Weights = Policy.Weights, Cache = Policy.Cache, Hidden = Policy.Hidden });
        if (Policy.Weights.Disk + Policy.Cache.Disk + Policy.Hidden.Disk > 0)
        {
            // Rather before a long load than after it.
            new DirectFile(options.DiskDirectory, 0).Dispose();
        }

        var tiers = new Tiers(Device, options.DiskDirectory, trace, meter);
        product = Plan.Weights.Groups is { Count: > 0 } groups ? Product(tiers, groups) : null;
        weights = new(model, source, Plan.Weights, DataType, tiers, product);
        try
        {
            source.RequireUnchanged();
            cache = new(Plan.Cache, DataType, tiers);
            hidden = new(Plan.Hidden, tiers);
        }
        catch
        {
            cache?.Dispose();
            weights.Dispose();
            product?.Dispose();
            throw;
        }
    }

    public ModelShape Shape => model.Shape;

    public Policy Policy => Plan.Policy;

    /// <summary>What planning knows of it.</summary>
    public ModelOutline Outline { get; }

    /// <summary>What is allocated, and what is computed with.</summary>
    public PolicyPlan Plan { get; }

    public Device Device { get; }

    public ScalarType DataType { get; }

    /// <summary>The device it computes on, the type it computes in and, on a CPU, how many threads libtorch has for it.</summary>
    public string Description =>
        $"{Device} {DataType}" + (ComputeMemory.Gpu(Device) is not null ? "" : get_num_threads() is var n and > 1 ? $" ({n} threads)" : " (1 thread)");

    /// <inheritdoc cref="MemoryPlan.Warning"/>
    public EngineMessage? Warning { get; }

    public IReadOnlySet<int> EndOfSequenceIds { get; }

    /// <inheritdoc cref="ResourceMeter.Work"/>
    public IReadOnlyDictionary<Resource, ResourceWork> Work => meter.Work;

    /// <summary>Bytes on the GPU since before the model was loaded, the CUDA context included; 0 without one.</summary>
    public long GpuBytesInUse => ComputeMemory.Gpu(Device) is { } gpu ? GpuMemory.Used(gpu) - gpuBytesBefore : 0;

    public static LoadedModel Load(string folder, EngineOptions options)
    {
        var checkpoint = Checkpoint.Open(folder);
        return Create(checkpoint, () => ModelFamily.Create(checkpoint), options);
    }

    /// <summary>A published shape with random weights.</summary>
    public static LoadedModel LoadShape(string name, EngineOptions options) =>
        Create(new DummyWeights(), () => PublishedShapes.Create(name), options);

    /// <summary>A model with random weights.</summary>
    public static LoadedModel LoadDummy(Model model, EngineOptions options) => Create(new DummyWeights(), () => model, options);

    /// <summary>Has libtorch, in this process and on this thread, compute as models are computed.</summary>
    /// <param name="device">As in <see cref="EngineOptions.Device"/>.</param>
    /// <returns>The device and, of a GPU, the bytes that were in use on it before this process had a context there.</returns>
    internal static (Device Device, long GpuBytesBefore) Prepare(string device)
    {
        TorchContext.GrowGpuSegments();
        TorchContext.ReturnFreedMemory();
        ComputeThreads.Bound(Environment.ProcessorCount, Environment.GetEnvironmentVariable);
        var resolved = Devices.Resolve(device);
        if (ComputeMemory.Gpu(resolved) is not { } gpu)
        {
            return (resolved, 0);
        }

        var before = GpuMemory.Used(gpu);
        InitializeDeviceType(TorchSharp.DeviceType.CUDA);
        CudaDriver.Use(gpu);
        TorchContext.AvoidCudnnAttention();
        return (resolved, before);
    }

    /// <summary>The GPU's context and the libraries' workspaces take memory too, and are part of the budget.</summary>
    internal static void LoadLibraries(Device device, ScalarType type)
    {
        using var scope = NewDisposeScope();
        var x = ones(64, 64, type, device);
        x.matmul(x).cpu();
    }

    private static LoadedModel Create(IWeightSource source, Func<Model> model, EngineOptions options)
    {
        // The weights are copied: what becomes of the files they came from does not matter from here on.
        using (source)
        {
            try
            {
                return new(source, model(), options);
            }
            catch (ScratchFileException exception)
            {
                throw new EngineException(new EngineMessage($"{exception.Message} ({Setting.DiskDirectory})"), exception);
            }
        }
    }

    /// <summary>Its slots, all of them free.</summary>
    public MicroBatch[] CreateMicroBatches() => [.. Enumerable.Range(0, Policy.GpuBatchCount).Select(_ => new MicroBatch(
        Policy.GpuBatchSize, new(Policy.GpuBatchSize, Shape.VocabularySize, Policy.SequenceLength, ComputeMemory.Gpu(Device) is not null)))];

    /// <summary>What executes the steps, on this thread from here on.</summary>
    public StepRunner CreateRunner()
    {
        if (ComputeMemory.Gpu(Device) is { } gpu)
        {
            CudaDriver.Use(gpu);
        }

        return new(model, weights, cache, hidden, Device, LeastRows(), trace,
            Plan.Workspace.RecordsDecode ? k => new(model, weights, cache, Policy, k, Device) : null);
    }

    /// <summary>
    /// Fewest rows of a pass, and of its logits. On a GPU the sequences of a micro-batch fill the rows anyway; products with weights in 4 bits
    /// compute a row alike however many there are.
    /// </summary>
    private (int Rows, int Logits) LeastRows()
    {
        var layers = model.Layers.Zip(Plan.Weights.Layers, (layer, plan) =>
            plan.Weights.All(w => w.Format.TileRows > 1 || !layer.Multiplies(w.Index))).ToList();
        return ComputeMemory.Gpu(Device) is not null ? (1, 1) : (Least(layers.SkipLast(1).All(l => l)), Least(layers[^1]));

        static int Least(bool packed) => packed ? 1 : Policy.LeastRowsOnCpu;
    }

    /// <summary>The steps of one sweep.</summary>
    public IEnumerable<Step> Steps(long sweep, IReadOnlyList<int> microBatches)
    {
        if (microBatches.Count == 0)
        {
            return [];
        }

        return overlap
            ? ZigzagSchedule.Sweep(sweep, model.Layers.Count, microBatches, Policy.WeightPages, Policy.GoesAcrossLayers)
            : SerialSchedule.Sweep(sweep, model.Layers.Count, microBatches);
    }

    public void Dispose()
    {
        hidden.Dispose();
        cache.Dispose();
        weights.Dispose();
        product?.Dispose();
    }

    private IPackedProduct Product(Tiers tiers, IReadOnlyList<int> groups) =>
        tiers.HasGpu ? new GpuPackedProduct(DataType, Device, groups) : new HostPackedProduct();
}
