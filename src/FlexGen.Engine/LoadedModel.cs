using FlexGen.Engine.Models;
using FlexGen.Engine.Schedule;
using FlexGen.Engine.State;
using FlexGen.Engine.Tensors;
using FlexGen.Planning;
using static TorchSharp.torch;

namespace FlexGen.Engine;

/// <summary>A checkpoint on its compute device with the memory it runs in: everything that is allocated before the first token.</summary>
internal sealed class LoadedModel : IDisposable
{
    private readonly Checkpoint checkpoint;
    private readonly Model model;
    private readonly WeightStore weights;
    private readonly KvCache cache;
    private readonly HiddenStore hidden;
    private readonly bool overlap;

    private LoadedModel(Checkpoint checkpoint, Model model, Device device, ScalarType type, EngineOptions options)
    {
        (this.checkpoint, this.model, Device, DataType, overlap) = (checkpoint, model, device, type, options.Overlap);
        Policy = MemoryPlan.Choose(model, type, device, options);
        weights = new(model, (spec, place) => checkpoint.Load(spec, type, place), Policy.Weights, type, device, options.DiskDirectory);
        cache = new(model.Shape, Policy, type, device, options.DiskDirectory);
        hidden = new(model.Shape, Policy, type, device, options.DiskDirectory);
    }

    public ModelShape Shape => model.Shape;

    public Policy Policy { get; }

    public Device Device { get; }

    public ScalarType DataType { get; }

    public IReadOnlyList<int> EndOfSequenceIds => checkpoint.EndOfSequenceIds;

    public static LoadedModel Load(string folder, EngineOptions options)
    {
        var device = Devices.Resolve(options.Device);
        var checkpoint = Checkpoint.Open(folder);
        try
        {
            var model = ModelFamily.Create(checkpoint.Config, checkpoint.Contains);
            var type = DataTypes.Resolve(options.DataType, checkpoint.StoredType ?? ScalarType.Float32, device);
            return new(checkpoint, model, device, type, options);
        }
        catch
        {
            checkpoint.Dispose();
            throw;
        }
    }

    public StepRunner CreateRunner() => new(model, weights, cache, hidden, Device);

    /// <summary>The steps of one sweep.</summary>
    public IEnumerable<Step> Steps(long sweep, IReadOnlyList<int> microBatches) => overlap
        ? ZigzagSchedule.Sweep(sweep, model.Layers.Count, microBatches)
        : SerialSchedule.Sweep(sweep, model.Layers.Count, microBatches);

    public void Dispose()
    {
        hidden.Dispose();
        cache.Dispose();
        weights.Dispose();
        checkpoint.Dispose();
    }
}
