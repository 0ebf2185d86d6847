using FlexGen.Engine.Layers;
using FlexGen.Interop;
using FlexGen.Planning;
using static TorchSharp.torch;

namespace FlexGen.Engine.Plan;

/// <summary>
/// Fits weights, KV cache and activations under the user's budgets, or says what does not fit. Without a GPU the compute tier is a part
/// of host memory: <see cref="EngineOptions.GpuMemory"/>, where it is given, bounds that part, and <see cref="EngineOptions.HostMemory"/> everything.
/// </summary>
internal static class MemoryPlan
{
    private const int DefaultSequenceLength = 4096;
    private const double GiB = 1L << 30;

    /// <summary>The policy that the options and the budgets leave.</summary>
    /// <param name="model">The model.</param>
    /// <param name="type">The type it computes in.</param>
    /// <param name="device">Where.</param>
    /// <param name="options">What is asked for.</param>
    /// <param name="memory">The memory that there is.</param>
    /// <exception cref="EngineException">It does not fit; the message names what binds and what would lift it.</exception>
    public static Policy Choose(Model model, ScalarType type, Device device, EngineOptions options, Machine memory)
    {
        var hasGpu = device.type != TorchSharp.DeviceType.CPU;
        var policy = new Policy(1, AtLeastOne(options.GpuBatchCount, "number of GPU batches"), SequenceLength(model.Shape, options))
        {
            Weights = Valid(options.Weights, "weights"),
            Cache = Valid(options.Cache, "KV cache"),
            Hidden = Valid(options.Hidden, "hidden states"),
            AttentionOnHost = options.AttentionOnHost,
            RecordsDecode = hasGpu && options.Overlap,
            WeightPages = options.WeightPages is { } pages ? AtLeastOne(pages, "number of weight pages") : null,
        };
        var limits = Limits(hasGpu, options, memory).ToList();
        var slots = options.GpuBatchSize is { } asked
            ? AtLeastOne(asked, "GPU batch size")
            : Enumerable.Range(1, hasGpu ? 256 : 64).LastOrDefault(n => limits.TrueForAll(l => l.Holds(Needs(n))), 1);
        var needs = Needs(slots);
        if (limits.Exists(l => !l.Holds(needs)))
        {
            policy = policy with { RecordsDecode = false };
            needs = Needs(slots);
        }

        return limits.Find(l => !l.Holds(needs)) is { } binds ? throw binds.Refusal(model.Shape.Name, type, needs) : needs.Policy;

        MemoryNeeds Needs(int n) => new(model, policy with { GpuBatchSize = n }, type, hasGpu, memory.GpuBytesInUse);
    }

    /// <summary>What the user should know of a plan that fits; null: nothing.</summary>
    public static EngineMessage? Warning(EngineOptions options) => UsesDisk(options) && DirectFile.InMemory(options.DiskDirectory) is { } name
        ? new($"{options.DiskDirectory} is {name}: what rests on disk takes memory there, and counts against {Setting.HostMemory}. Name a folder on a local disk with {Setting.DiskDirectory}")
        : null;

    private static bool UsesDisk(EngineOptions options) => options.Weights.Disk + options.Cache.Disk + options.Hidden.Disk > 0;

    private static IEnumerable<Limit> Limits(bool hasGpu, EngineOptions options, Machine memory)
    {
        FormattableString less =
            $"lower {Setting.GpuBatchSize}, {Setting.GpuBatchCount} or {Setting.MaxSequenceLength}, choose a smaller {Setting.DataType}, or move a share to another tier with {Setting.Shares}";
        var inMemory = UsesDisk(options) ? DirectFile.InMemory(options.DiskDirectory) : null;
        IReadOnlyList<(string What, double Bytes)> OnHost(MemoryNeeds needs) =>
        [
            .. hasGpu ? [] : needs.Compute,
            .. needs.Host,
            .. inMemory is null ? [] : needs.Disk.Select(n => ($"scratch files in {options.DiskDirectory}, which is {inMemory}", n.Bytes)),
        ];
        if (hasGpu || options.GpuMemory is not null)
        {
            var budget = options.GpuMemory ?? (memory.GpuBytesFree / 10 * 9) + memory.GpuBytesInUse;
            yield return new(hasGpu ? "GPU memory" : "the compute tier", $"{Setting.GpuMemory} is", budget, n => n.Compute, $"Raise {Setting.GpuMemory}, {less}");
        }

        if (hasGpu)
        {
            yield return new("GPU memory", $"this process can have", memory.GpuBytesFree + memory.GpuBytesInUse, n => n.Compute, $"End what else uses the GPU, {less}");
        }

        yield return new("host memory", $"{Setting.HostMemory} is", options.HostMemory ?? memory.HostBytes / 4 * 3, OnHost, $"Raise {Setting.HostMemory}, {less}");
        yield return new("host memory", $"this machine has", memory.HostBytes, OnHost, $"Run it on a machine with more, {less}");
        if (UsesDisk(options))
        {
            yield return new(
                "the disk", $"{options.DiskDirectory} has free", DirectFile.FreeBytes(options.DiskDirectory), n => n.Disk,
                $"Free some space there, name a folder on a larger disk with {Setting.DiskDirectory}, {less}");
        }
    }

    private static Placement Valid(Placement placement, string name) => placement.IsValid ? placement : throw new EngineException(
        $"The {name} are placed {placement} per cent on GPU, host and disk; give shares of 0 or more that make 100 together");

    private static int AtLeastOne(int value, string name) => value >= 1 ? value : throw new EngineException($"The {name} is {value}; give 1 or more");

    private static int SequenceLength(ModelShape shape, EngineOptions options)
    {
        var length = options.MaxSequenceLength ?? Math.Min(shape.ContextLength, DefaultSequenceLength);
        return length >= 2 && length <= shape.ContextLength ? length : throw new EngineException(
            $"The maximum sequence length is {length}; {shape.Name} can have 2 to {shape.ContextLength} tokens");
    }

    /// <summary>The memory that there is, whatever the budgets say.</summary>
    /// <param name="HostBytes">Of the machine, or of the container.</param>
    /// <param name="GpuBytesFree">Of the GPU, that nobody has taken.</param>
    /// <param name="GpuBytesInUse">Of the GPU, that this process has taken before the first weight.</param>
    public readonly record struct Machine(long HostBytes, long GpuBytesFree = 0, long GpuBytesInUse = 0)
    {
        /// <summary>This machine's. A GPU's context must be current.</summary>
        public static Machine This(Device device, long gpuBytesInUse)
        {
            // Of a container's limit the runtime calls three quarters available, and nine tenths a high load.
            var host = GC.GetGCMemoryInfo();
            return new(
                Math.Max(host.TotalAvailableMemoryBytes, host.HighMemoryLoadThresholdBytes),
                device.type == TorchSharp.DeviceType.CPU ? 0 : CudaDriver.FreeMemory(),
                gpuBytesInUse);
        }
    }

    /// <summary>A budget, what counts against it, and what lifts it.</summary>
    private sealed record Limit(
        string Place, FormattableString Budgeted, double Budget, Func<MemoryNeeds, IReadOnlyList<(string What, double Bytes)>> Of, FormattableString Cure)
    {
        public bool Holds(MemoryNeeds needs) => Of(needs).Sum(n => n.Bytes) <= Budget;

        public EngineException Refusal(string model, ScalarType type, MemoryNeeds needs)
        {
            var items = Of(needs).GroupBy(n => n.What).Select(g => (What: g.Key, Bytes: g.Sum(n => n.Bytes))).Where(n => n.Bytes > 0);
            var policy = needs.Policy;
            var slots = $"{policy.GpuBatchSize} x {policy.GpuBatchCount} slots of {policy.SequenceLength} tokens";
            var total = Of(needs).Sum(n => n.Bytes) / GiB;
            var parts = string.Join(", ", items.Select(n => $"{n.What} {n.Bytes / GiB:0.00}"));
            return new(new EngineMessage(
                $"{model} does not fit {Place}: in {type}, with {slots}, it takes {total:0.00} GiB there ({parts}), but {Budgeted} {Budget / GiB:0.00} GiB. {Cure}"));
        }
    }
}
