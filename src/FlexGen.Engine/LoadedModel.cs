using FlexGen.Engine.Batch;
using FlexGen.Engine.Checkpoints;
using FlexGen.Engine.Execution;
using FlexGen.Engine.Hidden;
using FlexGen.Engine.Kernels.Cuda;
using FlexGen.Engine.Layers;
using FlexGen.Engine.Memory;
using FlexGen.Engine.Models;
using FlexGen.Engine.Plan;
using FlexGen.Engine.Tracing;
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
    private readonly List<Stage> stages = [];
    private readonly HiddenStore hidden;
    private readonly LikeliestTokens? likeliest;
    private readonly Trace? trace;
    private readonly bool overlap;
    private readonly IReadOnlyList<long> gpuBytesBefore;
    private readonly ResourceMeter meter = new();

    /// <summary>Before a checkpoint's first tensor loads libtorch.</summary>
    static LoadedModel() => TorchContext.RestIdleThreads();

    private LoadedModel(IWeightSource source, Model model, EngineOptions options)
    {
        (this.model, overlap, trace) = (model, options.Overlap, options.Trace);
        EndOfSequenceIds = new HashSet<int>(source.EndOfSequenceIds);
        var prepared = Prepare(options.Device, model.Shape, options.PeerAccess);
        DataType = DataTypes.Resolve(options.DataType, source.StoredType(model), prepared[0].Device);
        Outline = model.Outline(DataTypes.Format(DataType), source.PackedGroup);
        Choice = Compare(options, prepared[0]);
        if (Choice is { Count: > 1 and var count })
        {
            prepared = [prepared[0], .. Prepare(string.Join(',', FlexGen.Engine.Devices.Alike().Take(count)), model.Shape, options.PeerAccess).Skip(1)];
        }

        (Devices, gpuBytesBefore) = ([.. prepared.Select(p => p.Device)], [.. prepared.Select(p => p.GpuBytesBefore)]);
        var names = FlexGen.Engine.Devices.Names(Devices);
        var tiers = Devices.Select((device, n) => new Tiers(device, options.DiskDirectory, trace, meter, names?[n])).ToList();
        foreach (var gpu in tiers.Where(t => t.HasGpu))
        {
            gpu.Use();
            trace?.UseGpu(gpu.Device.index, Devices.Count > 1);
            LoadLibraries(gpu.Device, DataType);
        }

        var memory = MemoryPlan.Machine.This(Devices, GpuBytesInUse);
        Plan = (Choice is null ? null : MemoryPlan.Keep(Choice.Chosen.Plan.Policy, Outline, Devices, options, memory))
            ?? MemoryPlan.Choose(Outline, DataType, Devices, options, memory);
        Rolls = Plan.Rolls && options is { Overlap: true, StaticBatches: false };
        Warning = MemoryPlan.Warning(options with { Weights = Policy.Weights, Cache = Policy.Cache, Hidden = Policy.Hidden });
        if (Policy.Weights.Disk + Policy.Cache.Disk + Policy.Hidden.Disk > 0)
        {
            // Rather before a long load than after it.
            new DirectFile(options.DiskDirectory, 0).Dispose();
        }

        try
        {
            foreach (var (plan, device) in Plan.Stages.Zip(tiers))
            {
                stages.Add(new(model, source, plan, DataType, device));
            }

            source.RequireUnchanged();
            hidden = new(Plan.Hidden, tiers, Plan.Stages[0].LandingBytes);
            stages[Plan.Map.Of(model.Layers.Count - 1)].Use();
            likeliest = HasGpu ? new(DataType) : null;
        }
        catch
        {
            stages.ForEach(s => s.Dispose());
            throw;
        }
    }

    public ModelShape Shape => model.Shape;

    public Policy Policy => Plan.Policy;

    /// <summary>What planning knows of it.</summary>
    public ModelOutline Outline { get; }

    /// <summary>What is allocated, and what is computed with.</summary>
    public PolicyPlan Plan { get; }

    /// <summary>Why it is on as many GPUs as it is, where that was not said; null: it was, or there is one at the most, or no figures of the machine.</summary>
    public DeviceChoice? Choice { get; }

    /// <summary>The compute devices, all of one kind.</summary>
    public IReadOnlyList<Device> Devices { get; }

    public ScalarType DataType { get; }

    /// <summary>The devices it computes on, the type it computes in and, on a CPU, how many threads libtorch has for it.</summary>
    public string Description =>
        $"{string.Join(',', Devices)} {DataType}" + (HasGpu ? "" : get_num_threads() is var n and > 1 ? $" ({n} threads)" : " (1 thread)");

    /// <inheritdoc cref="MemoryPlan.Warning"/>
    public EngineMessage? Warning { get; }

    public IReadOnlySet<int> EndOfSequenceIds { get; }

    /// <inheritdoc cref="ResourceMeter.Work"/>
    public IReadOnlyDictionary<Resource, ResourceWork> Work => meter.Work;

    /// <summary>Bytes on each GPU since before the model was loaded, the CUDA context included; 0 without one.</summary>
    public IReadOnlyList<long> GpuBytesInUse =>
        [.. Devices.Zip(gpuBytesBefore, (device, before) => ComputeMemory.Gpu(device) is { } gpu ? GpuMemory.Used(gpu) - before : 0)];

    private bool HasGpu => ComputeMemory.Gpu(Devices[0]) is not null;

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
    /// <param name="names">As in <see cref="EngineOptions.Device"/>.</param>
    /// <param name="shape">The model that is to be computed; null: none yet.</param>
    /// <param name="peerAccess">As in <see cref="EngineOptions.PeerAccess"/>.</param>
    /// <returns>The devices and, of a GPU, the bytes that were in use on it before this process had a context there.</returns>
    /// <exception cref="EngineException">There are no such devices, or more than layers for them.</exception>
    internal static IReadOnlyList<(Device Device, long GpuBytesBefore)> Prepare(string names, ModelShape? shape = null, bool peerAccess = true)
    {
        TorchContext.GrowGpuSegments();
        TorchContext.ReturnFreedMemory();
        ComputeThreads.Bound(Environment.ProcessorCount, Environment.GetEnvironmentVariable);
        var devices = FlexGen.Engine.Devices.Resolve(names);
        if (shape is not null && devices.Count > shape.DecoderLayers)
        {
            throw new EngineException(new EngineMessage(
                $"{Setting.Device} names {devices.Count} devices, but {shape.Name} has {shape.DecoderLayers} layers; name at the most as many"));
        }

        var gpus = devices.Select(ComputeMemory.Gpu).OfType<int>().ToList();
        List<(Device, long)> prepared = [.. devices.Select(d => (d, ComputeMemory.Gpu(d) is { } gpu ? GpuMemory.Used(gpu) : 0))];
        if (gpus.Count > 0)
        {
            InitializeDeviceType(TorchSharp.DeviceType.CUDA);
            foreach (var (gpu, other) in from gpu in gpus from other in gpus where other != gpu select (gpu, other))
            {
                CudaDriver.Use(gpu);
                if (peerAccess)
                {
                    CudaDriver.Reach(gpu, other);
                }
                else
                {
                    CudaDriver.Part(gpu, other);
                }
            }

            CudaDriver.Use(gpus[0]);
            TorchContext.AvoidCudnnAttention();
        }

        return prepared;
    }

    /// <summary>What the first GPU takes, and what all do, where no device is named and there are several.</summary>
    private DeviceChoice? Compare(EngineOptions options, (Device Device, long GpuBytesBefore) first)
    {
        if (options is not { Device: FlexGen.Engine.Devices.Auto, Forecast: { } forecast } || FlexGen.Engine.Devices.Alike() is not { Count: > 1 } names
            || forecast.Profile(names[0], Outline.Format) is not { } profile)
        {
            return null;
        }

        LoadLibraries(first.Device, DataType);
        var gpus = FlexGen.Engine.Devices.Resolve(string.Join(',', names));
        var context = GpuMemory.Used(first.Device.index) - first.GpuBytesBefore;
        var memory = MemoryPlan.Machine.This([first.Device], [context]);
        // The others have no context yet, and may not need one.
        var others = gpus.Skip(1).Select(g => GpuMemory.Free(g.index) - context).ToList();
        return MemoryPlan.Compare(
            Outline, DataType, gpus, options, n => memory with { GpuBytesFree = others.Take(n - 1).Append(memory.GpuBytesFree).Min() }, profile,
            forecast.Workload());
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
        Policy.GpuBatchSize, new(Policy.GpuBatchSize, Shape.VocabularySize, Policy.SequenceLength, HasGpu)))];

    /// <summary>The next tokens of a micro-batch's sequences.</summary>
    /// <param name="logits">As of <see cref="Batch.NextTokens"/>, on the last layer's device.</param>
    /// <param name="layout">Of its rows.</param>
    public NextTokens NextTokens(Tensor logits, RowLayout layout) => new(logits, layout.Sequences, likeliest);

    /// <summary>What executes the steps, on this thread from here on.</summary>
    public StepRunner CreateRunner()
    {
        stages[0].Use();
        return new(
            model, Plan.Map, stages, hidden, LeastRows(), trace, Plan.RecordsDecode ? k => new(model, Plan.Map, stages, hidden, Policy, k) : null);
    }

    /// <summary>
    /// Fewest rows of a pass, and of its logits. On a GPU the sequences of a micro-batch fill the rows anyway; products with weights in 4 bits
    /// compute a row alike however many there are.
    /// </summary>
    private (int Rows, int Logits) LeastRows()
    {
        var layers = model.Layers.Zip(Plan.Layers, (layer, plan) =>
            plan.Weights.All(w => w.Format.TileRows > 1 || !layer.Multiplies(w.Index))).ToList();
        return HasGpu ? (1, 1) : (Least(layers.SkipLast(1).All(l => l)), Least(layers[^1]));

        static int Least(bool packed) => packed ? 1 : Policy.LeastRowsOnCpu;
    }

    /// <summary>Whether a micro-batch begins its next sweep while others are in this one: then <see cref="Steps"/> are those of all micro-batches.</summary>
    public bool Rolls { get; }

    /// <summary>The steps of one sweep.</summary>
    public IEnumerable<Step> Steps(long sweep, IReadOnlyList<int> microBatches)
    {
        if (Rolls)
        {
            return RollingSchedule.Sweep(sweep, Plan.Map, Policy.GpuBatchCount);
        }

        if (microBatches.Count == 0)
        {
            return [];
        }

        return overlap
            ? ZigzagSchedule.Sweep(sweep, Plan.Map, microBatches, ZigzagOrder.Of(Policy, Plan.Map.Count))
            : SerialSchedule.Sweep(sweep, model.Layers.Count, microBatches);
    }

    public void Dispose()
    {
        hidden.Dispose();
        likeliest?.Dispose();
        stages.ForEach(s => s.Dispose());
    }
}
