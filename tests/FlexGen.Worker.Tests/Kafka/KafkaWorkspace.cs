using System.Text;
using System.Text.Json;
using Confluent.Kafka;
using FlexGen.Testing.Kafka;

namespace FlexGen.Worker.Tests.Kafka;

/// <summary>Topics for requests, results and dead letters, and a folder with pipeline files over them.</summary>
internal sealed class KafkaWorkspace : IDisposable
{
    public const string File = "pipeline.yaml";
    public const string Echo = "{ echo: true, echoMaxDelay: \"00:00:00.020\" }";
    private readonly ClientConfig client;

    private KafkaWorkspace(ClientConfig client, string[] topics)
    {
        this.client = client;
        (Requests, Results, Dead) = (topics[0], topics[1], topics[2]);
    }

    public string Folder { get; } = Directory.CreateTempSubdirectory("flexgen-").FullName;

    public string Requests { get; }

    public string Results { get; }

    public string Dead { get; }

    /// <summary>The <c>properties</c> of every Kafka end.</summary>
    public Dictionary<string, string> Properties { get; init; } = [];

    public static async Task<KafkaWorkspace> CreateAsync(ClientConfig client, int partitions = 4) =>
        new(client, await Topics.CreateAsync(client, partitions, "requests", "results", "dead"));

    public string KafkaSource(string more = "untilEnd: true") =>
        $"{{ kafka: {{ bootstrapServers: \"{client.BootstrapServers}\", topics: [{Requests}], groupId: {Requests}, {PropertiesKey}, {more} }} }}";

    public string KafkaSink(string topic, string more = "") =>
        $"{{ kafka: {{ bootstrapServers: \"{client.BootstrapServers}\", topic: {topic}, {PropertiesKey}{more} }} }}";

    public void WritePipeline(string? source = null, string? sink = null, string? deadLetter = null, string model = Echo) =>
        System.IO.File.WriteAllText(At(File), $$$"""
            name: test
            source: {{{source ?? KafkaSource()}}}
            prompt: { template: "{{ text }}" }
            model: {{{model}}}
            sink: {{{sink ?? KafkaSink(Results)}}}
            deadLetter: {{{deadLetter ?? KafkaSink(Dead)}}}
            """);

    public string At(string path) => Path.Combine(Folder, path);

    public Task<ProcessResult> RunAsync(params string[] more) => FlexGenProcess.RunAsync(Folder, ["run", File, .. more]);

    public FlexGenProcess Start() => FlexGenProcess.Start(Folder, ["run", File, "--verbose"]);

    /// <summary>Fills the requests with these values, in this order.</summary>
    public void Ask(IEnumerable<byte[]?> values) =>
        Topics.Write(client, Requests, values.Select((value, i) => new Message<byte[]?, byte[]?> { Key = Encoding.UTF8.GetBytes($"{i}"), Value = value }));

    /// <summary>Fills the requests with an <c>id</c> from <paramref name="first"/> on and a <c>text</c>.</summary>
    public void AskIds(int first, int count) => Ask(Enumerable.Range(first, count).Select(id => (byte[]?)Request(id)));

    /// <summary>The same as if it had been written at a time.</summary>
    public void AskIds(int first, int count, DateTime time) => Topics.Write(client, Requests, Enumerable.Range(first, count)
        .Select(id => new Message<byte[]?, byte[]?> { Value = Request(id), Timestamp = new Timestamp(time) }));

    /// <summary>The position that the group has committed of each partition of the requests.</summary>
    public List<long> Committed()
    {
        using var admin = new AdminClientBuilder(client).Build();
        var count = admin.GetMetadata(Requests, TimeSpan.FromSeconds(10)).Topics[0].Partitions.Count;
        var asked = new ConsumerGroupTopicPartitions(Requests, [.. Enumerable.Range(0, count).Select(p => new TopicPartition(Requests, p))]);
        var found = admin.ListConsumerGroupOffsetsAsync([asked]).GetAwaiter().GetResult()[0].Partitions;
        return [.. found.OrderBy(p => p.Partition.Value).Select(p => p.Offset.Value)];
    }

    public static byte[] Request(int id) => Encoding.UTF8.GetBytes($"{{\"id\": {id}, \"text\": \"text {id}\"}}");

    public List<ConsumeResult<byte[]?, byte[]?>> ReadDead() => Topics.Read(client, Dead);

    /// <summary>The results' ids, each as often as it is there.</summary>
    public List<int> ResultIds() => [.. Topics.Read(client, Results).Select(m => Field(m, "id").GetInt32())];

    public static JsonElement Field(ConsumeResult<byte[]?, byte[]?> message, string name)
    {
        using var json = JsonDocument.Parse(message.Message.Value!);
        return json.RootElement.GetProperty(name).Clone();
    }

    public static string? Header(ConsumeResult<byte[]?, byte[]?> message, string name) =>
        message.Message.Headers.TryGetLastBytes(name, out var value) ? Encoding.UTF8.GetString(value) : null;

    /// <summary>Fails unless the results are the ids 0 to <paramref name="count"/> - 1, each once.</summary>
    public void ExpectEachIdOnce(int count) => Assert.Equal(Enumerable.Range(0, count), ResultIds().Order());

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    private string PropertiesKey => $"properties: {{ {string.Join(", ", Properties.Select(p => $"{p.Key}: \"{p.Value}\""))} }}";
}
