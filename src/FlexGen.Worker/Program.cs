using FlexGen.Worker.Commands;

return await FlexGenCommand.RunAsync(args);
