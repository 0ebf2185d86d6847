using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using FlexGen.Dataflow;
using FlexGen.Dataflow.Generation;
using Microsoft.Extensions.Logging.Abstractions;

namespace FlexGen.Benchmarks.Pipeline;

/// <summary>
/// What the pipeline costs around the model: Parquet to Parquet with a generator that echoes. Prints one JSON line with records per
/// second, the process's peak memory over the run, and the time as a ratio to a bare Parquet.Net loop that reads and writes the same.
/// </summary>
internal static class PipelineOverhead
{
    private const string Usage = "pipeline [--rows N] [--row-group N]";

    public static async Task<int> RunAsync(string[] args)
    {
        long rows = 5_000_000;
        var rowGroup = 10_000;
        for (var i = 0; i < args.Length; i += 2)
        {
            if (i + 1 == args.Length || args[i] is not ("--rows" or "--row-group"))
            {
                await Console.Error.WriteLineAsync($"usage: {Usage}");
                return 1;
            }

            var value = int.Parse(args[i + 1], CultureInfo.InvariantCulture);
            (rows, rowGroup) = args[i] == "--rows" ? (value, rowGroup) : (rows, value);
        }

        var folder = Directory.CreateTempSubdirectory("flexgen-overhead-").FullName;
        try
        {
            await Dataset.WriteAsync(Path.Combine(folder, "in"), rows, rowGroup);
            ResetPeakMemory();
            var (summary, elapsed) = await EchoAsync(folder);
            var peakMemory = PeakMemoryBytes();
            var baseline = await Dataset.CopyAsync(Path.Combine(folder, "in"), Path.Combine(folder, "copy.parquet"));
            Console.WriteLine(JsonSerializer.Serialize(new
            {
                benchmark = "pipeline",
                rows = summary.RecordsCompleted,
                bytes_per_row = Dataset.BytesPerRow,
                rows_per_source_row_group = rowGroup,
                processors = Environment.ProcessorCount,
                seconds = Math.Round(elapsed.TotalSeconds, 2),
                records_per_second = Math.Round(summary.RecordsCompleted / elapsed.TotalSeconds),
                peak_memory_mb = peakMemory / 1_000_000,
                baseline_records_per_second = Math.Round(rows / baseline.TotalSeconds),
                ratio_to_baseline = Math.Round(elapsed / baseline, 2),
            }));
            return summary.RecordsCompleted == rows ? 0 : 1;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<(PipelineSummary Summary, TimeSpan Elapsed)> EchoAsync(string folder)
    {
        var options = new PipelineOptions
        {
            Name = "overhead",
            Source = { Parquet = new ParquetSourceOptions { Path = "in" } },
            Prompt = { Template = "{{ text }}" },
            Sink = { Parquet = new ParquetSinkOptions { Path = "out" } },
            DeadLetter = { Parquet = new ParquetSinkOptions { Path = "errors" } },
        };
        await using var generator = new EchoGenerator(64, null, 0, TimeProvider.System);
        var clock = Stopwatch.StartNew();
        await using var pipeline = await Dataflow.Pipeline.OpenAsync(
            options, folder, NullLoggerFactory.Instance, TimeProvider.System, CancellationToken.None);
        var summary = await pipeline.RunAsync(generator, CancellationToken.None);
        return (summary, clock.Elapsed);
    }

    // Making the dataset does not count: Linux forgets the peak when 5 is written here.
    private static void ResetPeakMemory()
    {
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        File.WriteAllText("/proc/self/clear_refs", "5");
    }

    private static long PeakMemoryBytes()
    {
        var line = File.ReadLines("/proc/self/status").First(l => l.StartsWith("VmHWM:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture) * 1024;
    }
}
