using System.Diagnostics;
using FlexGen.Testing.Kafka;

namespace FlexGen.Testing.Soak;

/// <summary>Workers answer requests over Kafka while workers and brokers are killed, stopped and suspended; at the end the answers are counted.</summary>
internal sealed class SoakRun(SoakOptions options, Action<string> write)
{
    // A transaction that a killed worker left open is ended by the broker after its timeout, a minute; rebalances come on top.
    private static readonly TimeSpan patience = TimeSpan.FromMinutes(4);
    private readonly Stopwatch clock = Stopwatch.StartNew();
    private readonly Dictionary<FaultKind, int> faults = [];
    private readonly List<Task> aftermath = [];
    private Task nodeIsBack = Task.CompletedTask;

    /// <exception cref="InvalidOperationException">Brokers or clients of the soak itself failed.</exception>
    public async Task<SoakReport> RunAsync()
    {
        var folder = Directory.CreateTempSubdirectory("flexgen-soak-").FullName;
        try
        {
            await using var cluster = await KafkaCluster.StartAsync(options.Nodes);
            var topics = await Topics.CreateAsync(cluster.Client, SoakOptions.Partitions, "requests", "results", "dead");
            await File.WriteAllTextAsync(Path.Combine(folder, "soak.yaml"), Pipeline(cluster.Servers, topics));
            using var workers = new WorkerPool(folder, "soak.yaml", Log);
            var count = new AnswerCount(options.Requests);
            Log($"seed {options.Seed}, brokers {cluster.Servers}");

            var loading = Task.Run(() => Load(cluster, topics[0]));
            for (var i = 0; i < SoakOptions.Workers; i++)
            {
                workers.Start();
            }

            clock.Restart();
            await FaultsAsync(cluster, workers);
            await Task.WhenAll([loading, nodeIsBack, .. aftermath]);
            var seconds = clock.Elapsed.TotalSeconds;
            Log($"{faults.Values.Sum()} faults done; counting");
            await CountAsync(cluster, workers, topics, count);
            return new SoakReport(
                options.Seed, options.Guarantee, options.Requests, count.Results, count.DeadLetters, options.Requests - count.Answered, count.Duplicated,
                count.Misplaced, count.OutOfOrder, workers.Failures, faults.Values.Sum(), faults, Math.Round(seconds, 1));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private string Pipeline(string servers, string[] topics) => $$$"""
        name: soak
        source:
          kafka:
            bootstrapServers: "{{{servers}}}"
            topics: [{{{topics[0]}}}]
            groupId: soak
            start: earliest
            properties: { session.timeout.ms: "{{{SoakOptions.SessionTimeout.TotalMilliseconds}}}", heartbeat.interval.ms: "1500" }
        prompt: { template: "{{ text }}" }
        model: { echo: true, echoMaxDelay: "00:00:00.050" }
        sink: { kafka: { bootstrapServers: "{{{servers}}}", topic: {{{topics[1]}}}, guarantee: {{{options.Guarantee}}} } }
        deadLetter: { kafka: { bootstrapServers: "{{{servers}}}", topic: {{{topics[2]}}} } }
        """;

    private void Load(KafkaCluster cluster, string topic)
    {
        var random = new Random(options.Seed);
        var atOnce = options.Requests / 4;
        // Done a little before the faults are, so that the last ones hit workers that have caught up, too.
        var pace = options.Time * 0.9 / Math.Max(1, options.Requests - atOnce);
        Topics.Write(cluster.Client, topic, Enumerable.Range(0, options.Requests).Select(id =>
        {
            var due = pace * (id - atOnce);
            if (due > clock.Elapsed)
            {
                Thread.Sleep(due - clock.Elapsed);
            }

            return Requests.Make(id, random);
        }));
        Log($"all {options.Requests} requests are in");
    }

    private async Task FaultsAsync(KafkaCluster cluster, WorkerPool workers)
    {
        foreach (var fault in Fault.Plan(options.Seed, options.Kinds))
        {
            await Task.Delay(fault.Wait);
            if (clock.Elapsed > options.Time && faults.Values.Sum() >= options.Faults)
            {
                return;
            }

            await ApplyAsync(fault, cluster, workers);
            faults[fault.Kind] = faults.GetValueOrDefault(fault.Kind) + 1;
        }
    }

    private async Task ApplyAsync(Fault fault, KafkaCluster cluster, WorkerPool workers)
    {
        switch (fault.Kind)
        {
            case FaultKind.KillWorker:
                workers.Kill(fault.Pick);
                aftermath.Add(ReplaceAsync(Task.CompletedTask));
                break;
            case FaultKind.TerminateWorker:
                aftermath.Add(ReplaceAsync(workers.TerminateAsync(fault.Pick)));
                break;
            case FaultKind.StartWorker when workers.Count > SoakOptions.Workers:
                aftermath.Add(workers.TerminateAsync(fault.Pick));
                break;
            case FaultKind.StartWorker:
                Log("start another worker");
                workers.Start();
                break;
            case FaultKind.SuspendWorker:
                aftermath.Add(workers.SuspendAsync(fault.Pick, fault.Length));
                break;
            default:
                // Only one node may be down at once.
                await nodeIsBack;
                var node = 1 + (int)(fault.Pick * options.Nodes);
                Log($"{(fault.Kind == FaultKind.KillNode ? "SIGKILL" : "SIGTERM")} node {node} for {fault.Length.TotalSeconds:F1} s");
                await (fault.Kind == FaultKind.KillNode ? cluster.KillAsync(node) : cluster.StopAsync(node));
                nodeIsBack = BringBackAsync();
                break;
        }

        async Task ReplaceAsync(Task ended)
        {
            await ended;
            await Task.Delay(fault.Length);
            workers.Start();
        }

        async Task BringBackAsync()
        {
            await Task.Delay(fault.Length);
            await cluster.StartNodesAsync();
            Log("all nodes are up");
        }
    }

    private async Task CountAsync(KafkaCluster cluster, WorkerPool workers, string[] topics, AnswerCount count)
    {
        using var results = new TopicReader(cluster.Client, topics[1]);
        using var dead = new TopicReader(cluster.Client, topics[2]);
        var progress = Stopwatch.StartNew();
        while (count.Answered < options.Requests && progress.Elapsed < patience)
        {
            var before = count.Answered;
            results.ReadAvailable(TimeSpan.FromMilliseconds(500), message => count.AddResult(message.Message.Value));
            dead.ReadAvailable(TimeSpan.FromMilliseconds(500), message => count.AddDeadLetter(message.Message.Value));
            if (count.Answered > before)
            {
                Log($"{count.Answered} answered");
                progress.Restart();
            }
        }

        await workers.TerminateAllAsync();
        Log("all workers have drained");
        results.ReadToEnd(patience, message => count.AddResult(message.Message.Value));
        dead.ReadToEnd(patience, message => count.AddDeadLetter(message.Message.Value));
        if (count.Answered < options.Requests)
        {
            Log($"LOST: {string.Join(", ", count.Missing.Take(50))}");
        }
    }

    private void Log(string message)
    {
        lock (faults)
        {
            write($"[{clock.Elapsed.TotalSeconds,6:F1} s] {message}");
        }
    }
}
