using FlexGen.Worker.Commands;
using FlexGen.Worker.Hosting;

return ProcessLimits.Suffice() ? await FlexGenCommand.RunAsync(args) : ExitCode.Failure;
