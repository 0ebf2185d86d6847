using FlexGen.Worker.Commands;
using FlexGen.Worker.Hosting;
using FlexGen.Worker.Reporting;

if (!ProcessLimits.Suffice())
{
    return ExitCode.Failure;
}
ErrorStream.Install();
return await FlexGenCommand.RunAsync(args);
