using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;

namespace FlexGen.Fuzzing;

/// <summary>
/// Tries a target with changed inputs for some time. It does not see which code an input reaches, as a fuzzer does, and runs anywhere: inputs that
/// are read, not refused, are changed further.
/// </summary>
internal sealed class MutationLoop(FuzzTarget target, int seed)
{
    private const long MaxAllocated = 1L << 30;
    private const int MaxKept = 1000;
    private const int MaxLength = 1 << 18;

    private readonly Random random = new(seed);
    private readonly HashSet<string> finds = [];
    private byte[] input = [];

    private string Folder { get; } = Directory.CreateDirectory(Path.Combine("out", "fuzz", target.Name)).FullName;

    /// <summary>How many different ways were found in which the target fails.</summary>
    public int Run(TimeSpan time)
    {
        var inputs = target.Seeds().ToList();
        using var watch = new Watch(problem => Report(problem, problem));
        var start = Stopwatch.GetTimestamp();
        var tried = 0;
        var read = 0;
        foreach (var unchanged in inputs)
        {
            if (target.Run(unchanged) is { } refusal)
            {
                Report("a seed is refused", $"a seed is refused: {refusal}");
            }
        }

        for (; Stopwatch.GetElapsedTime(start) < time; tried++)
        {
            input = target.Mutate(inputs[random.Next(inputs.Count)], inputs[random.Next(inputs.Count)], random);
            if (input.Length > MaxLength)
            {
                continue;
            }
            // What ends the process, as a full stack does, leaves its input here.
            File.WriteAllBytes(Path.Combine(Folder, "current"), input);
            watch.Next();
            if (Try())
            {
                read++;
                if (inputs.Count < MaxKept)
                {
                    inputs.Add(input);
                }
            }
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{target.Name}: {tried} inputs in {Stopwatch.GetElapsedTime(start).TotalSeconds:f0} s, {read} read, {finds.Count} finds, seed {seed}"));
        return finds.Count;
    }

    private bool Try()
    {
        var before = GC.GetTotalAllocatedBytes();
        try
        {
            return target.Run(input) is null;
        }
        catch (Exception e)
        {
            Report($"{e.GetType().Name} {e.StackTrace?.Split('\n').FirstOrDefault(line => line.Contains("FlexGen.", StringComparison.Ordinal))}", $"{e}");
            return false;
        }
        finally
        {
            if (GC.GetTotalAllocatedBytes() - before is > MaxAllocated and var allocated)
            {
                Report("memory", $"took {allocated >> 20} MiB");
            }
        }
    }

    private void Report(string kind, string problem)
    {
        if (finds.Add(kind))
        {
            var file = Path.Combine(Folder, $"find-{Convert.ToHexStringLower(SHA256.HashData(input).AsSpan(0, 6))}");
            File.WriteAllBytes(file, input);
            Console.WriteLine($"{target.Name}: {file}: {string.Join('\n', problem.Split('\n').Take(12))}");
        }
    }
}
