using System.CommandLine;

namespace FlexGen.Worker.Commands;

/// <summary>A command whose help says more than the line that the list of commands shows.</summary>
internal sealed class DetailedCommand(string name, string summary, string details) : Command(name, summary)
{
    /// <summary>Details and examples.</summary>
    public string Details { get; } = details;
}
