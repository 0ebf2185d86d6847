using System.CommandLine;
using FlexGen.Engine;
using FlexGen.Worker.Configuration;
using FlexGen.Worker.Profiling;
using FlexGen.Worker.Reporting;

namespace FlexGen.Worker.Commands;

/// <summary><c>flexgen profile</c>: this machine in the figures that plans are computed from.</summary>
internal sealed class ProfileCommand
{
    private readonly IReadOnlyList<KeyedOption> engine = [.. KeyedOption.ForEngine().Where(o => o.Key is "device" or "dataType" or "diskDirectory")];
    private readonly Option<bool> again = new("--again") { Description = "Measure, though it was measured before." };
    private readonly Option<bool> quick = new("--quick") { Description = "Measure a few points in a few seconds: rough, and kept apart from the others." };
    private readonly Option<string> output = new("--output") { HelpName = "FILE", Description = "Write the figures to a file, too, as JSON." };
    private readonly Option<bool> json = new("--json") { Description = "Print the figures as one JSON object: bytes, seconds and bytes per second." };

    public static Command Create()
    {
        var profile = new ProfileCommand();
        var command = new DetailedCommand(
            "profile",
            "Measures this machine: copies, disk, products, attention, and what layers and sweeps cost beside them.",
            """
            It takes up to 60 s with a GPU and 20 s without, on a machine that has nothing else to do, by the engine's own copies, kernels and files. The
            figures are kept in $XDG_CACHE_HOME/flexgen (~/.cache/flexgen) with what they are of: GPU and driver, processor, threads, disk folder, data
            type, and version of this program. Where one of these has changed they are measured again; else they are printed as they were.
            1 GiB of scratch is written to the disk folder, or less where there is little room.

            Examples:
              flexgen profile
              flexgen profile --dtype bfloat16 --disk-dir /mnt/nvme --again
              flexgen profile --json --output machine.json
            """);
        foreach (var option in profile.engine)
        {
            command.Add(option.Option);
        }

        command.Add(profile.again);
        command.Add(profile.quick);
        command.Add(profile.output);
        command.Add(profile.json);
        command.SetAction((parse, cancellation) => Task.FromResult(profile.Run(parse, cancellation)));
        return command;
    }

    private int Run(ParseResult parse, CancellationToken cancellation)
    {
        var settings = EngineSettings.Load(KeyedOption.Layer(parse, engine), KeyedOption.Names(parse, engine));
        using var file = parse.GetValue(output) is { } path ? Open(path) : null;
        var options = ProfileStore.Options(settings.ToOptions(), parse.GetValue(quick));
        try
        {
            var profile = ProfileStore.OfUser(Environment.GetEnvironmentVariable).Obtain(
                options, text => ErrorStream.Say("profile", text), Report.Warn, parse.GetValue(again), cancellation: cancellation);
            var text = profile.ToJson() + Environment.NewLine;
            file?.Write(System.Text.Encoding.UTF8.GetBytes(text));
            if (parse.GetValue(json))
            {
                Console.Out.Write(text);
            }
            else
            {
                ProfileReport.Of(profile).Print(asJson: false);
            }
        }
        catch (EngineException e)
        {
            throw new EngineException(e.Text.Worded(settings.NameOf), e);
        }

        return ExitCode.Success;
    }

    private static FileStream Open(string path)
    {
        try
        {
            return File.Create(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"--output {path} cannot be written: {e.Message}");
        }
    }
}
