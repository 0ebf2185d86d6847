using FlexGen.Engine;
using FlexGen.Planning.Cost;
using FlexGen.Planning.Formats;
using FlexGen.Planning.Hardware;
using FlexGen.Worker.Configuration;
using FlexGen.Worker.Profiling;

namespace FlexGen.Worker.Policies;

/// <summary>
/// Loads an engine under the policy that is stated or, where none is, that is searched with this machine's profile; and predicts what it takes.
/// </summary>
/// <param name="settings">How the model is run.</param>
/// <param name="say">Told that the machine is measured, and of what.</param>
/// <param name="warn">Told that the profile cannot be kept.</param>
/// <param name="chosen">Told on how many GPUs it is, and why, where no device is named and there are several.</param>
internal sealed class EnginePlanner(EngineSettings settings, Action<string> say, Action<string> warn, Action<string> chosen)
{
    private EngineOptions? options;
    private HardwareProfile? profile;

    /// <summary>Loads it.</summary>
    /// <param name="load">Loads with some options.</param>
    /// <param name="workload">What it will generate; it is asked where a policy is to be found.</param>
    /// <exception cref="EngineException">The settings cannot be met on this machine.</exception>
    public OffloadEngine Load(Func<EngineOptions, OffloadEngine> load, Func<Workload> workload) => settings.Load(given =>
    {
        options = given;
        var engine = load(settings.StatesPolicy ? given with { Forecast = new(Known, workload) }
            : given with { Auto = new(Profile, workload()), Forecast = new(Profile, workload) });
        if (engine.Choice is { } choice)
        {
            chosen(PlanText.Of(choice));
        }

        return engine;
    });

    /// <summary>What the loaded engine takes; null where the policy is stated and the machine was never measured.</summary>
    public RunPlan? Plan(OffloadEngine engine, ExpectedWorkload expected)
    {
        var device = engine.Description.Split(' ')[0].Split(',')[0];
        return Known(device, engine.Outline.Format) is not { } known
            ? null
            : new(
                new(engine.Outline, known.With(engine.Plan.Device.Count)), engine.Plan, new(options!.Overlap, options.StaticBatches),
                expected with { Workload = expected.Workload.Within(engine.Plan.Policy.SequenceLength) });
    }

    private static ProfileStore Store => ProfileStore.OfUser(Environment.GetEnvironmentVariable);

    /// <summary>What is known of this machine without measuring it.</summary>
    private HardwareProfile? Known(string device, ElementFormat format)
    {
        profile ??= ProfileStore.FromEnvironment() ?? Store.Load(Wanted(format)).Profile;
        return profile is { } known && IsOf(known, device) ? known : null;
    }

    private HardwareProfile Profile(string device, ElementFormat format) => profile ??= FromEnvironment(device)
        ?? Store.Obtain(ProfileStore.Options(options! with { DataType = format.Name }), say, warn, apart: true);

    private static HardwareProfile? FromEnvironment(string device)
    {
        var named = ProfileStore.FromEnvironment();
        return named is null || IsOf(named, device) ? named : throw new UsageException(
            $"{ProfileStore.Variable} names a machine {(named.Compute.IsGpu ? "with" : "without")} a GPU, {named.Name}, and the model runs on {device}: "
            + "name another profile, or none for this machine's own.");
    }

    private static bool IsOf(HardwareProfile machine, string device) => machine.Compute.IsGpu == device.StartsWith("cuda", StringComparison.Ordinal);

    private MeasuredOn Wanted(ElementFormat format) =>
        Engine.Profiling.MachineProfiler.Identify(ProfileStore.Options(options! with { DataType = format.Name }));
}
