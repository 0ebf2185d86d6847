using System.CommandLine;

namespace FlexGen.Worker.Commands;

/// <summary>Options that every command has.</summary>
internal static class CommonOptions
{
    public static Option<bool> Verbose { get; } = new("--verbose") { Description = "Log more, and show where an error arose.", Recursive = true };
}
