using System.Diagnostics;
using System.Globalization;
using FlexGen.Engine.Models;
using FlexGen.Planning;
using FlexGen.Planning.Cost;
using FlexGen.Planning.Formats;
using FlexGen.Planning.Hardware;
using FlexGen.Planning.Search;

namespace FlexGen.Benchmarks.Planning;

internal static class SearchedPolicy
{
    public static int Run(string[] args)
    {
        var (profile, shape, prompt, output, count) = (args[0], args[1], int.Parse(args[2], CultureInfo.InvariantCulture), int.Parse(args[3], CultureInfo.InvariantCulture), long.Parse(args[4], CultureInfo.InvariantCulture));
        var (gpu, host, disk) = (double.Parse(args[5], CultureInfo.InvariantCulture), double.Parse(args[6], CultureInfo.InvariantCulture), double.Parse(args[7], CultureInfo.InvariantCulture));
        var compression = args.Length > 8 ? Compression.Int4 : Compression.None;
        var machine = KnownHardware.Find(profile)?.ToProfile() ?? HardwareProfile.Parse(File.ReadAllText(profile));
        var model = new CostModel(PublishedShapes.Create(shape).Outline(ElementFormat.F16), machine);
        const double GiB = 1L << 30;
        var budgets = new List<MemoryBudget> { new("GPU", [Tier.Gpu], gpu * GiB), new("host", [Tier.Host], host * GiB) };
        if (disk > 0)
        {
            budgets.Add(new("disk", [Tier.Disk], disk * GiB));
        }

        var request = new SearchRequest(Workload.Uniform(prompt, output, count), budgets, prompt + output) { CompressWeights = compression, CompressCache = compression };
        var search = new PolicySearch(model);
        for (var n = 0; n < 2; n++)
        {
            var watch = Stopwatch.StartNew();
            var found = search.Find(request);
            Console.WriteLine($"{watch.Elapsed.TotalSeconds:0.00} s: {found?.Plan.Policy} {found?.TokensPerSecond:0.0} tokens/s; {string.Join(", ", found?.Busy.Select(b => $"{b.Key} {b.Value:0%}") ?? [])}");
            Console.WriteLine(string.Join(", ", budgets.Select(b => found is null ? $"{b.Name}: {search.Needed(request, b) / GiB:0.0} needed" : $"{b.Name} {b.Taken(found.Plan) / GiB:0.0} of {b.Bytes / GiB:0.0}")));
        }

        return 0;
    }
}
