using FlexGen.Demo.Data;
using FlexGen.Demo.Evaluation;
using FlexGen.Demo.Network;
using FlexGen.Demo.Tokenization;
using FlexGen.Demo.Training;
using FlexGen.Tokenizers.Loading;
using static TorchSharp.torch;

namespace FlexGen.Demo;

/// <summary>What the program can do.</summary>
internal static class Commands
{
    private const int TokenizerSeed = 1;
    private const int TokenizerRecords = 5_000;
    private const int Merges = 540;

    public static async Task DataAsync(Arguments arguments)
    {
        var names = arguments.Text("names", "test");
        var set = Enum.TryParse<NameSet>(names, ignoreCase: true, out var known) ? known
            : throw new ArgumentException($"--names is '{names}'; expected train or test");
        var records = RecordSet.Make(set, arguments.Integer("seed"), arguments.Integer("count"));
        var (output, expected, poison) = (arguments.Text("output"), arguments.Optional("expected"), arguments.Flag("poison"));
        arguments.RequireAllUsed();
        await RecordFile.WriteAsync(output, records, poison, expected);
    }

    public static void TrainTokenizer(Arguments arguments)
    {
        var output = arguments.Text("output");
        arguments.RequireAllUsed();
        WriteTokenizer(output);
    }

    public static void Train(Arguments arguments)
    {
        var options = new TrainingOptions(
            arguments.Text("output"), arguments.Integer("steps", 30_000), arguments.Integer("batch", 256), arguments.Integer("seed", 1),
            arguments.Number("learning-rate", 1.5e-3), TimeSpan.FromMinutes(arguments.Number("minutes", 9)),
            arguments.Integer("evaluate-every", 1000), arguments.Integer("evaluate-count", 512));
        var target = OpenDevice(arguments);
        arguments.RequireAllUsed();
        if (!File.Exists(Path.Combine(options.Output, "vocab.json")))
        {
            WriteTokenizer(options.Output);
        }

        var tokenizer = TokenizerLoader.Load(options.Output);
        var model = DemoModel.Create(tokenizer.VocabularySize, target, options.Seed);
        Console.WriteLine($"{model.Flat.numel()} parameters, {tokenizer.VocabularySize} tokens, {target}");
        new Trainer(options, model, tokenizer, TimeProvider.System, Console.Out).Run();
    }

    public static void Evaluate(Arguments arguments)
    {
        var (folder, seed, count) = (arguments.Text("model"), arguments.Integer("seed", 2), arguments.Integer("count", 1000));
        var target = OpenDevice(arguments);
        arguments.RequireAllUsed();
        var records = RecordSet.Make(NameSet.Test, seed, count);
        var outputs = new GreedyDecoder(DemoModel.Load(folder, target), TokenizerLoader.Load(folder)).Complete(records);
        Report(Score.Of(records, outputs), count);
    }

    private static void Report(Score score, int count)
    {
        Console.WriteLine($"exact: {count - score.Mistakes.Count} of {count} ({score.ExactMatch:P2})");
        foreach (var kind in score.Mistakes.GroupBy(m => m.Kind).OrderByDescending(g => g.Count()))
        {
            Console.WriteLine($"wrong {kind.Key}: {kind.Count()}");
            foreach (var mistake in kind.Take(5))
            {
                Console.WriteLine($"  {mistake.Record.Text}\n    expected {mistake.Record.Json}\n    found    {mistake.Output}");
            }
        }
    }

    private static void WriteTokenizer(string folder) => TokenizerFiles.Write(
        folder, BpeTrainer.Train(RecordSet.Make(NameSet.Train, TokenizerSeed, TokenizerRecords).Select(r => r.Prompt + r.Completion), Merges));

    private static Device OpenDevice(Arguments arguments)
    {
        var target = device(arguments.Text("device", "cpu"));
        InitializeDeviceType(target.type);
        backends.cuda.matmul.allow_tf32 = true;
        return target;
    }
}
