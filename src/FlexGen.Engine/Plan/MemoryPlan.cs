using FlexGen.Interop;
using FlexGen.Planning;
using FlexGen.Planning.Cost;
using FlexGen.Planning.Hardware;
using FlexGen.Planning.Plans;
using FlexGen.Planning.Search;
using static TorchSharp.torch;

namespace FlexGen.Engine.Plan;

/// <summary>
/// Fits weights, KV cache and activations under the user's budgets, or says what does not fit. Without a GPU the compute tier is a part
/// of host memory: <see cref="EngineOptions.GpuMemory"/>, where it is given, bounds that part, and <see cref="EngineOptions.HostMemory"/> everything.
/// </summary>
internal static class MemoryPlan
{
    private const int DefaultSequenceLength = 4096;

    /// <summary>The plan of the policy that the options and the budgets leave.</summary>
    /// <param name="model">The model.</param>
    /// <param name="type">The type it computes in.</param>
    /// <param name="devices">Where.</param>
    /// <param name="options">What is asked for.</param>
    /// <param name="memory">The memory that there is.</param>
    /// <exception cref="EngineException">It does not fit; the message names what binds and what would lift it.</exception>
    public static PolicyPlan Choose(
        ModelOutline model, ScalarType type, IReadOnlyList<Device> devices, EngineOptions options, Machine memory)
    {
        var hasGpu = devices[0].type != TorchSharp.DeviceType.CPU;
        var policy = new Policy(1, AtLeastOne(options.GpuBatchCount, "number of GPU batches"), SequenceLength(model.Shape, options))
        {
            Weights = Valid(options.Weights, "weights"),
            Cache = Valid(options.Cache, "KV cache"),
            Hidden = Valid(options.Hidden, "hidden states"),
            AttentionOnHost = options.AttentionOnHost,
            CompressWeights = options.CompressWeights,
            CompressCache = options.CompressCache,
            RecordsDecode = hasGpu && options.Overlap && options.RecordsDecode,
            WeightPages = options.WeightPages is { } pages ? AtLeastOne(pages, "number of weight pages") : null,
        };
        if (options.Auto is { } auto)
        {
            return Search(auto, model, type, devices, options, memory, policy);
        }

        var limits = Limits(devices, options, memory, UsesDisk(options)).ToList();
        var slots = options.GpuBatchSize is { } asked
            ? AtLeastOne(asked, "GPU batch size")
            : Enumerable.Range(1, hasGpu ? 1024 : 64).LastOrDefault(n => limits.TrueForAll(l => l.Holds(Plan(n))), 1);
        var plan = Plan(slots);
        if (limits.Exists(l => !l.Holds(plan)))
        {
            policy = policy with { RecordsDecode = false };
            plan = Plan(slots);
        }

        var bind = limits.FindAll(l => !l.Holds(plan));
        return bind.Count == 0 ? plan : throw Limit.Refusal(model.Shape.Name, type, plan, bind, Less(false, options));

        PolicyPlan Plan(int n) => new(model, policy with { GpuBatchSize = n }, new(hasGpu, memory.GpuBytesInUse, devices.Count));
    }

    /// <summary>The plan of a policy that was found to fit; null: it no longer does.</summary>
    /// <inheritdoc cref="Choose"/>
    public static PolicyPlan? Keep(Policy policy, ModelOutline model, IReadOnlyList<Device> devices, EngineOptions options, Machine memory)
    {
        var plan = new PolicyPlan(model, policy, new(devices[0].type != TorchSharp.DeviceType.CPU, memory.GpuBytesInUse, devices.Count));
        return Limits(devices, options, memory, plan.Bytes[Tier.Disk] > 0).All(l => l.Holds(plan)) ? plan : null;
    }

    /// <summary>What the first of some GPUs takes, and what all do, each with the policy that is best there, or the one that is stated.</summary>
    /// <param name="model">The model.</param>
    /// <param name="type">The type it computes in.</param>
    /// <param name="gpus">All of them.</param>
    /// <param name="options">What is asked for.</param>
    /// <param name="memory">The memory that there is, for so many of them.</param>
    /// <param name="profile">The machine.</param>
    /// <param name="workload">What is to be generated.</param>
    /// <exception cref="EngineException">It fits neither.</exception>
    public static DeviceChoice Compare(
        ModelOutline model, ScalarType type, IReadOnlyList<Device> gpus, EngineOptions options, Func<int, Machine> memory, HardwareProfile profile,
        Workload workload)
    {
        options = options with { Auto = options.Auto is { } auto ? auto with { Profile = (_, _) => profile } : null };
        return DeviceChoice.Of(Math.Min(gpus.Count, model.Shape.DecoderLayers), count =>
        {
            var plan = Choose(model, type, [.. gpus.Take(count)], options, memory(count));
            var within = workload.Within(plan.Policy.SequenceLength);
            return new CostModel(model, profile.With(count)).Predict(plan, within, new(options.Overlap, options.StaticBatches));
        });
    }

    /// <summary>What the user should know of a plan that fits; null: nothing.</summary>
    public static EngineMessage? Warning(EngineOptions options)
    {
        if (!UsesDisk(options) || DirectFile.InMemory(options.DiskDirectory) is not { } name)
        {
            return null;
        }

        FormattableString cure = $"Name a folder on a local disk with {Setting.DiskDirectory}";
        return new($"{options.DiskDirectory} is {name}: what rests on disk takes memory there, and counts against {Setting.HostMemory}. {cure}");
    }

    private static bool UsesDisk(EngineOptions options) => options.Weights.Disk + options.Cache.Disk + options.Hidden.Disk > 0;

    /// <summary>The best policy by the cost model of what fits.</summary>
    private static PolicyPlan Search(
        AutoPolicy auto, ModelOutline outline, ScalarType type, IReadOnlyList<Device> devices, EngineOptions options, Machine memory, Policy stated)
    {
        var hasGpu = devices[0].type != TorchSharp.DeviceType.CPU;
        var profile = auto.Profile(hasGpu ? $"cuda:{devices[0].index}" : "cpu", outline.Format).With(devices.Count);
        profile = profile with { ContextBytes = memory.GpuBytesInUse };
        var limits = Limits(devices, options, memory, HasDisk(options, memory)).ToList();
        var request = new SearchRequest(auto.Workload.Within(stated.SequenceLength), [.. limits.Select(l => l.Search)], stated.SequenceLength)
        {
            CompressWeights = stated.CompressWeights,
            CompressCache = stated.CompressCache,
            Mode = new(options.Overlap, options.StaticBatches),
            Near = auto.Near,
        };
        var search = new PolicySearch(new(outline, profile));
        return search.Find(request)?.Plan ?? throw Limit.Refusal(
            outline.Shape.Name, type, stated.SequenceLength, limits, new(search, request), Less(true, options));
    }

    /// <summary>Whether there is a disk to place something on, which memory under another name is not.</summary>
    private static bool HasDisk(EngineOptions options, Machine memory)
    {
        if (memory.DiskBytes is { } known)
        {
            return known > 0;
        }

        try
        {
            return DirectFile.InMemory(options.DiskDirectory) is null && DirectFile.FreeBytes(options.DiskDirectory) > 0;
        }
        catch (ScratchFileException)
        {
            return false;
        }
    }

    /// <summary>What has a model take less memory: of a policy that is searched, what the search leaves alone.</summary>
    private static FormattableString Less(bool isSearched, EngineOptions options)
    {
        if (!isSearched)
        {
            FormattableString fewer = $"lower {Setting.GpuBatchSize}, {Setting.GpuBatchCount} or {Setting.MaxSequenceLength}";
            return $"{fewer}, choose a smaller {Setting.DataType}, or move a share to another tier with {Setting.Shares}";
        }

        FormattableString smaller = $"lower {Setting.MaxSequenceLength}, choose a smaller {Setting.DataType}";
        return options.CompressWeights == Compression.Int4 ? smaller : $"{smaller}, or have weights in 4 bits with {Setting.CompressWeights}";
    }

    private static IEnumerable<Limit> Limits(IReadOnlyList<Device> devices, EngineOptions options, Machine memory, bool usesDisk)
    {
        var hasGpu = devices[0].type != TorchSharp.DeviceType.CPU;
        var several = Devices.Names(devices);
        var inMemory = usesDisk && memory.DiskBytes is null ? DirectFile.InMemory(options.DiskDirectory) : null;
        var scratch = inMemory is null ? null : $"scratch files in {options.DiskDirectory}, which is {inMemory}";
        Tier[] onHost = hasGpu ? [Tier.Host] : [Tier.Gpu, Tier.Host];
        if (hasGpu || options.GpuMemory is not null)
        {
            var budget = options.GpuMemory ?? (memory.GpuBytesFree / 10 * 9) + memory.GpuBytesInUse;
            var place = hasGpu ? "GPU memory" : "the compute tier";
            yield return new(place, $"{Setting.GpuMemory} is", budget, [Tier.Gpu], null, $"Raise {Setting.GpuMemory}", several);
        }

        if (hasGpu)
        {
            var all = memory.GpuBytesFree + memory.GpuBytesInUse;
            yield return new("GPU memory", $"this process can have", all, [Tier.Gpu], null, $"End what else uses the GPU", several);
        }

        var hostBudget = options.HostMemory ?? memory.HostBytes / 4 * 3;
        yield return new("host memory", $"{Setting.HostMemory} is", hostBudget, onHost, scratch, $"Raise {Setting.HostMemory}");
        yield return new("host memory", $"this machine has", memory.HostBytes, onHost, scratch, $"Run it on a machine with more");
        if (usesDisk)
        {
            yield return new(
                "the disk", $"{options.DiskDirectory} has free", memory.DiskBytes ?? DirectFile.FreeBytes(options.DiskDirectory), [Tier.Disk], null,
                $"Free some space there, name a folder on a larger disk with {Setting.DiskDirectory}");
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
    /// <param name="GpuBytesFree">Of each GPU, that nobody has taken.</param>
    /// <param name="GpuBytesInUse">Of each GPU, that this process has taken before the first weight.</param>
    /// <param name="DiskBytes">Free on the disk; null: what the disk directory has, whatever it is.</param>
    public readonly record struct Machine(long HostBytes, long GpuBytesFree = 0, long GpuBytesInUse = 0, double? DiskBytes = null)
    {
        /// <summary>This machine's: of GPUs the least that one has free, and the most that is taken of one.</summary>
        public static Machine This(IReadOnlyList<Device> devices, IReadOnlyList<long> gpuBytesInUse)
        {
            // Of a container's limit the runtime calls three quarters available, and nine tenths a high load.
            var host = GC.GetGCMemoryInfo();
            return new(
                Math.Max(host.TotalAvailableMemoryBytes, host.HighMemoryLoadThresholdBytes),
                devices.Min(device => device.type == TorchSharp.DeviceType.CPU ? 0 : CudaDriver.FreeMemory(device.index)),
                gpuBytesInUse.Max());
        }
    }
}
