using FlexGen.Engine.Checkpoints;
using FlexGen.Engine.Layers;
using FlexGen.Engine.Models;
using FlexGen.Engine.Plan;
using FlexGen.Interop;
using FlexGen.Planning.Cost;
using FlexGen.Planning.Hardware;
using FlexGen.Planning.Plans;
using static TorchSharp.torch;

namespace FlexGen.Engine;

/// <summary>Plans for a model that is not loaded, on a machine that need not be here.</summary>
public sealed class ModelPlanner
{
    /// <summary>Before anything here loads libtorch, for what is measured or loaded later in the process.</summary>
    static ModelPlanner() => TorchContext.RestIdleThreads();

    private readonly ScalarType type;
    private readonly Device device;

    private ModelPlanner(Model model, ScalarType stored, EngineOptions options, bool onGpu, Func<WeightSpec, int?>? group)
    {
        device = onGpu ? new(TorchSharp.DeviceType.CUDA, 0) : CPU;
        type = DataTypes.Resolve(options.DataType, stored, device);
        Outline = model.Outline(DataTypes.Format(type), group);
    }

    /// <summary>What planning knows of the model.</summary>
    public ModelOutline Outline { get; }

    /// <summary>How many compute devices <see cref="EngineOptions.Device"/> names.</summary>
    /// <exception cref="EngineException">There is no such device.</exception>
    public static int DeviceCount(string device) => Devices.Resolve(device).Count;

    /// <summary>How many GPUs a run may take that names no device.</summary>
    public static int GpuCount => Devices.Alike().Count;

    /// <summary>Whether what <see cref="EngineOptions.Device"/> names is a GPU.</summary>
    /// <exception cref="EngineException">There is no such device.</exception>
    public static bool IsGpu(string device) => Devices.Resolve(device)[0].type != TorchSharp.DeviceType.CPU;

    /// <summary>For a Hugging Face checkpoint folder, of which only what its files say of themselves is read.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="options">How it is to be run.</param>
    /// <param name="onGpu">Whether on a GPU.</param>
    /// <exception cref="CheckpointException">The folder is not a checkpoint that can be run.</exception>
    /// <exception cref="EngineException">The options do not go together.</exception>
    public static ModelPlanner OfFolder(string folder, EngineOptions options, bool onGpu)
    {
        using var checkpoint = Checkpoint.Open(folder);
        var model = ModelFamily.Create(checkpoint);
        return new(model, checkpoint.StoredType(model), options, onGpu, checkpoint.PackedGroup);
    }

    /// <summary>For a published shape (<see cref="PublishedShapes"/>).</summary>
    /// <param name="name">Its name.</param>
    /// <param name="options">How it is to be run.</param>
    /// <param name="onGpu">Whether on a GPU.</param>
    /// <inheritdoc cref="OfFolder"/>
    public static ModelPlanner OfShape(string name, EngineOptions options, bool onGpu) =>
        new(PublishedShapes.Create(name), ScalarType.Float16, options, onGpu, null);

    /// <summary>What would be placed where: the policy that the options state or, with <see cref="EngineOptions.Auto"/>, the best.</summary>
    /// <param name="machine">The machine; its memory is all there is.</param>
    /// <param name="options">Budgets and policy.</param>
    /// <exception cref="EngineException">It does not fit; the message names what binds and what would lift it.</exception>
    public PolicyPlan Plan(HardwareProfile machine, EngineOptions options)
    {
        if (machine.DeviceCount > Outline.Shape.DecoderLayers)
        {
            throw new EngineException(
                $"{machine.DeviceCount} devices are more than the {Outline.Shape.DecoderLayers} layers of {Outline.Shape.Name}: plan for as many at the most");
        }

        return MemoryPlan.Choose(Outline, type, [.. Enumerable.Repeat(device, machine.DeviceCount)], options, Memory(machine));
    }

    /// <summary>What one of some GPUs takes, and what all do.</summary>
    /// <param name="machine">The machine; it has at least one.</param>
    /// <param name="count">How many GPUs there are; of more than the model has layers, as many.</param>
    /// <param name="options">Budgets and policy.</param>
    /// <param name="workload">What is to be generated.</param>
    /// <exception cref="EngineException">It fits neither.</exception>
    public DeviceChoice Choose(HardwareProfile machine, int count, EngineOptions options, Workload workload) =>
        MemoryPlan.Compare(Outline, type, [.. Enumerable.Repeat(device, count)], options, _ => Memory(machine), machine, workload);

    private static MemoryPlan.Machine Memory(HardwareProfile machine) => machine.Compute.IsGpu
        ? new((long)machine.HostBytes, (long)(machine.GpuBytes - machine.ContextBytes), (long)machine.ContextBytes, machine.DiskBytes)
        : new((long)machine.HostBytes, DiskBytes: machine.DiskBytes);
}
