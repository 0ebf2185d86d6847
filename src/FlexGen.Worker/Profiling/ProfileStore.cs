using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using FlexGen.Dataflow;
using FlexGen.Engine;
using FlexGen.Engine.Profiling;
using FlexGen.Files;
using FlexGen.Interop;
using FlexGen.Planning.Hardware;
using FlexGen.Worker.Configuration;

namespace FlexGen.Worker.Profiling;

/// <summary>
/// Profiles of this machine that were measured before, a file for each device, data type and disk folder. What is of another driver, processor,
/// number of threads, disk or version of this program, and what is no profile, is measured again.
/// </summary>
/// <param name="folder">Where the files are; made where it is not there.</param>
internal sealed class ProfileStore(string folder)
{
    private const int MostBytes = 1 << 20;
    private static readonly TimeSpan looksAgain = TimeSpan.FromMilliseconds(100);

    /// <summary>Twice as long as it takes at the most: who holds it longer is stopped, or hangs.</summary>
    private static readonly TimeSpan longestWait = TimeSpan.FromMinutes(2);

    /// <summary>The user's: <c>$XDG_CACHE_HOME/flexgen</c>, or <c>~/.cache/flexgen</c>.</summary>
    /// <param name="variable">Reads an environment variable.</param>
    public static ProfileStore OfUser(Func<string, string?> variable) => new(UserCache.Folder(variable));

    /// <summary>The environment's variable that names a profile to plan with, whatever this machine is.</summary>
    public const string Variable = "FLEXGEN_PROFILE";

    /// <summary>The profile of a file, or of a known machine.</summary>
    /// <param name="name">A path, or one of <see cref="KnownHardware.Names"/>.</param>
    /// <exception cref="UsageException">It is neither.</exception>
    public static HardwareProfile Named(string name)
    {
        if (KnownHardware.Find(name) is { } known)
        {
            return known.ToProfile();
        }

        try
        {
            return HardwareProfile.Parse(Encoding.UTF8.GetString(RegularFile.ReadAll(name, MostBytes)).TrimStart('\uFEFF'));
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"{name} is neither a known machine ({string.Join(", ", KnownHardware.Names)}) nor a file that flexgen profile "
                + $"--output wrote: {e.Message.TrimEnd('.')}{NearestName.Hint(name, [.. KnownHardware.Names])}");
        }
    }

    /// <summary>The one that the environment names; null: it names none.</summary>
    /// <exception cref="UsageException">What it names is no profile.</exception>
    public static HardwareProfile? FromEnvironment()
    {
        try
        {
            return Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } name ? Named(name) : null;
        }
        catch (UsageException e)
        {
            throw new UsageException($"{Variable}: {e.Message}");
        }
    }

    /// <summary>What to measure for an engine's options.</summary>
    public static ProfileOptions Options(EngineOptions options, bool quick = false) => new()
    {
        Device = options.Device,
        DataType = options.DataType,
        DiskDirectory = options.DiskDirectory,
        Quick = quick,
        Version = typeof(ProfileStore).Assembly.GetName().Version!.ToString(3),
    };

    /// <summary>The profile of this machine: the one that was measured before, or one that is measured now, which takes up to a minute, and kept.</summary>
    /// <param name="options">Of what.</param>
    /// <param name="say">Told why it is measured, and then what is being measured.</param>
    /// <param name="warn">Told that it cannot be kept; it is measured the next time, too.</param>
    /// <param name="again">Whether it is measured in any case.</param>
    /// <param name="apart">Whether it is measured in a process of its own, since this one will use the device.</param>
    /// <param name="cancellation">Ends the measuring between two figures.</param>
    /// <exception cref="EngineException">The options cannot be met on this machine.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public HardwareProfile Obtain(
        ProfileOptions options, Action<string> say, Action<string> warn, bool again = false, bool apart = false, CancellationToken cancellation = default)
    {
        var wanted = MachineProfiler.Identify(options);
        var found = again ? new(null, "a new one is asked for") : Load(wanted);
        if (found.Profile is { } known)
        {
            return known;
        }

        // Two that measure at once would each find the other's load; one that is asked to measure again may be the other's own.
        using var held = again ? null : Hold(say, cancellation);
        found = again ? found : Load(wanted);
        if (found.Profile is { } others)
        {
            return others;
        }

        say($"measuring this machine, since {found.Reason}; it takes up to {(wanted.Gpu is null ? 20 : 60)} s, and the machine should have nothing else to do");
        var profile = apart ? ProfileProcess.Measure(options, say, cancellation)
            : MachineProfiler.Measure(options, what => say($"measuring {what}"), cancellation);
        if (Save(profile) is { } failure)
        {
            warn($"The profile cannot be kept: {failure} It will be measured again the next time.");
        }

        return profile;
    }

    /// <summary>Waits until no other process of the user measures this machine, and lets none begin; null: it cannot, or one does not end.</summary>
    private HeldFolder? Hold(Action<string> say, CancellationToken cancellation)
    {
        try
        {
            Directory.CreateDirectory(folder);
            var (held, start) = (HeldFolder.Take(folder), TimeProvider.System.GetTimestamp());
            if (held is null)
            {
                say("waiting for another process, which measures this machine");
            }

            while (held is null && TimeProvider.System.GetElapsedTime(start) < longestWait)
            {
                cancellation.WaitHandle.WaitOne(looksAgain);
                cancellation.ThrowIfCancellationRequested();
                held = HeldFolder.Take(folder);
            }

            return held;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>The profile that was measured on the same, or why there is none.</summary>
    public Found Load(MeasuredOn wanted)
    {
        var path = FileOf(wanted);
        try
        {
            var profile = HardwareProfile.Parse(Encoding.UTF8.GetString(RegularFile.ReadAll(path, MostBytes)));
            return Difference(profile.MeasuredOn, wanted) is { } reason ? new(null, $"{path} was measured {reason}") : new(profile, "");
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return new(null, $"there is no profile {path} yet");
        }
        catch (JsonException e)
        {
            return new(null, $"{path} is no profile ({e.Message})");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new(null, $"the profile cannot be read: {e.Message}");
        }
    }

    /// <summary>Keeps a profile: all of it is in the file, or what was there before. Why it could not be; null: it was.</summary>
    public string? Save(HardwareProfile profile) => UserCache.Write(FileOf(profile.MeasuredOn!), profile.ToJson());

    /// <summary>The file of what is chosen: a GPU or none, a data type and a folder. All else may make it stale.</summary>
    public string FileOf(MeasuredOn on)
    {
        var chosen = $"{on.Gpu?.Split(", driver")[0]}\n{on.DiskDirectory.Split(" on ")[0]}\n{on.Version.EndsWith("quick", StringComparison.Ordinal)}";
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(chosen)))[..8];
        return Path.Combine(folder, $"profile-{(on.Gpu is null ? "cpu" : "gpu")}-{on.DataType}-{hash}.json");
    }

    /// <summary>On what else it was measured; null: on the same.</summary>
    private static string? Difference(MeasuredOn? was, MeasuredOn wanted)
    {
        if (was is null)
        {
            return "nowhere, as it says";
        }

        (string Name, string? Was, string? Now)[] parts =
        [
            ("GPU", was.Gpu, wanted.Gpu),
            ("processor", was.Processor, wanted.Processor),
            ("threads", $"{was.Threads}", $"{wanted.Threads}"),
            ("disk", was.DiskDirectory, wanted.DiskDirectory),
            ("data type", was.DataType, wanted.DataType),
            ("version", was.Version, wanted.Version),
        ];
        var differing = parts.Where(p => p.Was != p.Now).Select(p => $"on {p.Name} {p.Was ?? "none"}, and here it is {p.Now ?? "none"}").ToList();
        return differing.Count == 0 ? null : string.Join("; ", differing);
    }

    /// <param name="Profile">The profile; null: there is none.</param>
    /// <param name="Reason">Why not.</param>
    public sealed record Found(HardwareProfile? Profile, string Reason);
}
