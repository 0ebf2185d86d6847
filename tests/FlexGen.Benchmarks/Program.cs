using BenchmarkDotNet.Running;
using FlexGen.Benchmarks;
using FlexGen.Benchmarks.Constraints;
using FlexGen.Benchmarks.Kafka;
using FlexGen.Benchmarks.Pipeline;
using FlexGen.Benchmarks.Planning;
using FlexGen.Benchmarks.Quantization;
using FlexGen.Benchmarks.Tokenizers;

switch (args)
{
    case ["pipeline", .. var rest]:
        return await PipelineOverhead.RunAsync(rest);
    case ["kafka", .. var rest]:
        return await KafkaThroughput.RunAsync(rest);
    case ["soak", .. var rest]:
        return await SoakCommand.RunAsync(rest);
    case ["tokenizer", .. var rest]:
        return await TokenizerSpeed.RunAsync(rest);
    case ["masks", .. var rest]:
        return await MaskSpeed.RunAsync(rest);
    case ["products"]:
        return HostProductSpeed.Run();
    case ["accuracy", .. var rest]:
        return await DemoAccuracy.RunAsync(rest);
    case ["kv-schemes", .. var rest]:
        return await KvSchemes.RunAsync(rest);
    case ["predict", var profile, var runs]:
        return PredictedRuns.Run(profile, runs);
    case ["planned"]:
        return SeveralHosts.Run();
    case ["published"]:
        return PublishedFigures.Run();
    case ["host-attention"]:
        return HostAttentionBandwidth.Run();
    default:
        BenchmarkSwitcher.FromAssembly(typeof(PipelineOverhead).Assembly).Run(args);
        return 0;
}
