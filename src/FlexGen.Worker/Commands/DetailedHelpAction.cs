using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace FlexGen.Worker.Commands;

/// <summary>The usual help, then a command's details.</summary>
internal sealed class DetailedHelpAction(HelpAction usual) : SynchronousCommandLineAction
{
    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        var exitCode = usual.Invoke(parseResult);
        if (parseResult.CommandResult.Command is DetailedCommand command)
        {
            parseResult.InvocationConfiguration.Output.WriteLine(command.Details);
        }

        return exitCode;
    }
}
