using BenchmarkDotNet.Running;
using FlexGen.Benchmarks.Pipeline;

if (args is ["pipeline", .. var rest])
{
    return await PipelineOverhead.RunAsync(rest);
}
BenchmarkSwitcher.FromAssembly(typeof(PipelineOverhead).Assembly).Run(args);
return 0;
