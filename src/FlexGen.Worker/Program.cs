using FlexGen.Worker.Commands;
using FlexGen.Worker.Hosting;
using FlexGen.Worker.Reporting;

if (!ProcessLimits.Suffice())
{
    return ExitCode.Failure;
}

if (args.FirstOrDefault(word => !word.StartsWith('-')) == RunCommand.Name)
{
    // On a busy machine seconds pass before the command line is read, and more before the host takes signals.
    Signals.Take();
}

ErrorStream.Install();
return await FlexGenCommand.RunAsync(args);
