using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Confluent.Kafka;
using FlexGen.Testing;
using FlexGen.Testing.Kafka;
using FlexGen.Testing.Soak;

namespace FlexGen.Benchmarks.Kafka;

/// <summary>
/// What the pipeline costs around the model between two topics, exactly once: one worker process that echoes, beside
/// <see cref="BareLoop"/> over the same messages and broker. Prints one JSON line.
/// </summary>
internal static class KafkaThroughput
{
    private const int Partitions = 12;
    private const int BareLoopCount = 500_000;
    private static readonly TimeSpan patience = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan samplePeriod = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan commitInterval = TimeSpan.FromSeconds(1);

    public static async Task<int> RunAsync(string[] args)
    {
        var values = new Dictionary<string, int> { ["requests"] = 2_000_000 };
        if (!await Arguments.ReadAsync("kafka", args, values))
        {
            return 1;
        }

        var requests = values["requests"];
        var folder = Directory.CreateTempSubdirectory("flexgen-kafka-throughput-").FullName;
        try
        {
            await using var cluster = await KafkaCluster.StartAsync();
            var topics = await Topics.CreateAsync(cluster.Client, Partitions, "requests", "results", "dead", "copies", "echoes", "tuned-echoes");
            var random = new Random(0);
            Topics.Write(cluster.Client, topics[0], Enumerable.Range(0, requests).Select(id => Requests.Good(id, random)));
            var bareCount = Math.Min(requests, BareLoopCount);
            var copyRate = Bare(topics[3], BareLoop.Copy(), isTuned: false);
            var bareRate = Bare(topics[4], BareLoop.Echo(), isTuned: false);
            var tunedRate = Bare(topics[5], BareLoop.Echo(), isTuned: true);
            await Console.Error.WriteLineAsync($"bare loop: {bareRate:N0} requests/s; fetching ahead as the worker does: {tunedRate:N0}; without the transformation: {copyRate:N0}");
            await File.WriteAllTextAsync(Path.Combine(folder, "kafka.yaml"), Pipeline(cluster.Servers, topics));
            using var worker = FlexGenProcess.Start(folder, ["run", "kafka.yaml", "--json"]);
            var memory = await WatchMemoryAsync(worker);
            var result = (await worker.WaitAsync()).Expect(0);
            using var report = JsonDocument.Parse(result.Output);
            var done = report.RootElement.GetProperty("records").GetInt32();
            var seconds = report.RootElement.GetProperty("seconds").GetDouble();
            var rate = done / seconds;
            CheckResults(cluster.Client, topics[1], topics[4], requests);
            Console.WriteLine(JsonSerializer.Serialize(new
            {
                benchmark = "kafka",
                requests = done,
                bytes_per_request = Requests.Bytes,
                processors = Environment.ProcessorCount,
                seconds,
                requests_per_second = Math.Round(rate),
                bare_loop_requests = bareCount,
                bare_loop_requests_per_second = Math.Round(bareRate),
                ratio_to_bare_loop = Math.Round(rate / bareRate, 2),
                tuned_bare_loop_requests_per_second = Math.Round(tunedRate),
                ratio_to_tuned_bare_loop = Math.Round(rate / tunedRate, 2),
                bare_copy_requests_per_second = Math.Round(copyRate),
                peak_memory_mb = memory.Max(),
                memory_mb_by_tenth = Enumerable.Range(1, 10).Select(tenth => memory[memory.Count * tenth / 10 - 1]),
            }));
            return done == requests ? 0 : 1;

            double Bare(string to, Func<byte[], byte[]> transform, bool isTuned) =>
                bareCount / BareLoop.Run(cluster.Client, topics[0], to, bareCount, commitInterval, transform, isTuned).TotalSeconds;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    // Every request has one result, and the bare loop wrote the same bytes for it.
    private static void CheckResults(ClientConfig client, string results, string echoes, int requests)
    {
        var expected = new Dictionary<int, byte[]>();
        using var bare = new TopicReader(client, echoes);
        bare.ReadToEnd(patience, message => expected.Add(Id(message.Message.Value!), SHA256.HashData(message.Message.Value!)));
        var found = new HashSet<int>();
        using var worker = new TopicReader(client, results);
        worker.ReadToEnd(patience, message =>
        {
            var id = Id(message.Message.Value!);
            var isSame = !expected.TryGetValue(id, out var hash) || hash.AsSpan().SequenceEqual(SHA256.HashData(message.Message.Value!));
            if (!found.Add(id) || !isSame)
            {
                throw new InvalidOperationException($"the result of request {id} is there twice, or is not what the bare loop writes");
            }
        });
        if (found.Count != requests)
        {
            throw new InvalidOperationException($"{requests - found.Count} results are missing");
        }

        static int Id(byte[] value) => Utf8Parser.TryParse(value.AsSpan("{\"id\":"u8.Length), out int id, out _)
            ? id : throw new InvalidOperationException($"no request asked for {Encoding.UTF8.GetString(value)}");
    }

    private static string Pipeline(string servers, string[] topics) => $$$"""
        name: throughput
        source: { kafka: { bootstrapServers: "{{{servers}}}", topics: [{{{topics[0]}}}], groupId: throughput, untilEnd: true } }
        prompt: { template: "{{ text }}" }
        model: { echo: true }
        sink: { kafka: { bootstrapServers: "{{{servers}}}", topic: {{{topics[1]}}} } }
        deadLetter: { kafka: { bootstrapServers: "{{{servers}}}", topic: {{{topics[2]}}} } }
        """;

    // Resident memory in MB, over the time; the last is the peak that the system saw.
    private static async Task<List<long>> WatchMemoryAsync(FlexGenProcess worker)
    {
        var samples = new List<long>();
        long peak = 0;
        while (!worker.HasExited)
        {
            try
            {
                var lines = await File.ReadAllLinesAsync($"/proc/{worker.Id}/status");
                samples.Add(Megabytes(lines, "VmRSS:"));
                peak = Megabytes(lines, "VmHWM:");
            }
            catch (Exception e) when (e is IOException or InvalidOperationException)
            {
                break;
            }

            await Task.Delay(samplePeriod);
        }

        samples.Add(peak);
        return samples;
    }

    private static long Megabytes(string[] status, string name) =>
        long.Parse(status.First(l => l.StartsWith(name, StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture) / 1000;
}
