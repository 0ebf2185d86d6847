using FlexGen.Worker.Commands;
using FlexGen.Worker.Reporting;

ErrorStream.Install();
return await FlexGenCommand.RunAsync(args);
