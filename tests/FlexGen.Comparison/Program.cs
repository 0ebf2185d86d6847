using System.CommandLine;
using FlexGen.Comparison;
using FlexGen.Comparison.Engines;
using FlexGen.Comparison.Models;

if (args is [ChildRun.Command, var request])
{
    return await ChildRun.RunAsync(request);
}

var folder = new Option<string>("--folder") { Description = "Where the models are made, once; 12 GB", DefaultValueFactory = _ => "artifacts/comparison" };
var tiny = new Option<bool>("--tiny") { Description = "Small models and cases, to try the program" };
var rounds = new Option<int>("--rounds") { Description = "Runs of each contender and case, in turns", DefaultValueFactory = _ => 3 };
var compress = new Option<Compress>("--compress") { Description = "Ours also with weights in 4 bits (int4), and with the KV cache too (both)" };
var cases = new Option<int[]>("--cases") { Description = "Numbers of cases, from 1; all of them by default", AllowMultipleArgumentsPerToken = true };
var skipCheck = new Option<bool>("--skip-check") { Description = "Does not compare outputs first" };
var seed = new Option<ulong>("--seed") { Description = "Of weights and prompts", DefaultValueFactory = _ => 20261127 };
var command = new RootCommand("""
    Compares this project's engine with llama.cpp on random Llamas: outputs, then tokens/s without loading, each run in a process of its own, in turns. Where a
    case has a budget of memory, ours is given it, and places weights on disk that do not fit; llama.cpp is left out with files that could not fit, and what its
    process took is measured. A line of JSON for each run goes to comparison.jsonl in the folder of the models, tables to the output stream.
    """)
{
    folder, tiny, rounds, compress, cases, skipCheck, seed,
};
command.SetAction(async (parse, _) =>
{
    var (to, from) = (Path.GetFullPath(parse.GetRequiredValue(folder)), parse.GetRequiredValue(seed));
    var all = RaceCase.All(parse.GetValue(tiny));
    var chosen = parse.GetValue(cases) is { Length: > 0 } numbers ? [.. numbers.Select(n => all[n - 1])] : all;
    Contender[] contenders = [.. Contender.All(parse.GetValue(compress))];
    var check = !parse.GetValue(skipCheck);
    foreach (var size in chosen.GroupBy(c => c.Size))
    {
        var compared = check && size.Key == all[0].Size;
        await Console.Error.WriteLineAsync($"{size.Key.Name}: {size.Key.Parameters:N0} parameters");
        ModelFiles.Make(to, size.Key, from, [.. size.SelectMany(c => c.Types).Concat(compared ? FirstTokens.Types : []).Distinct()]);
        if (compared && !await FirstTokens.CompareAsync(to, size.Key, contenders, from))
        {
            await Console.Error.WriteLineAsync("The engines do not compute the same: nothing is raced.");
            return 1;
        }
    }

    if (!NodeLlama.IsInstalled)
    {
        await Console.Error.WriteLineAsync("node-llama-cpp is not installed: npm ci --omit=optional --ignore-scripts --prefix tests/FlexGen.Comparison/node");
    }

    await new Race(to, Path.Combine(to, "comparison.jsonl"), from).RunAsync(chosen, contenders, parse.GetValue(rounds));
    return 0;
});
return await command.Parse(args).InvokeAsync();
