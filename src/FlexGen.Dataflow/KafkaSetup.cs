using FlexGen.Dataflow.Ends;
using FlexGen.Dataflow.Kafka;
using FlexGen.Dataflow.Kafka.Sink;
using FlexGen.Dataflow.Kafka.Source;
using FlexGen.Dataflow.Prompts;
using FlexGen.Dataflow.Records;
using FlexGen.Dataflow.Results;
using Microsoft.Extensions.Logging;

namespace FlexGen.Dataflow;

/// <summary>Opens and checks the Kafka ends of a pipeline. Blocks while the brokers answer.</summary>
internal static class KafkaSetup
{
    /// <exception cref="PipelineException">The brokers cannot be reached, or a topic is missing.</exception>
    public static KafkaSource OpenSource(PipelineOptions options, ResultColumns? results, ILogger log)
    {
        var source = options.Source.Kafka!;
        using var cluster = new KafkaCluster(source, "source.kafka", log);
        var partitions = source.Topics.SelectMany(topic => cluster.Partitions(topic, "Read")).Distinct().ToArray();
        IReadOnlyList<string> columns = source.Format == "text" ? ["value"] : [.. source.Columns ?? [.. PromptForm.Columns(options.Prompt)]];
        IReadOnlyList<string> reserved = IsWhole(options) ? [.. FieldsOf(options), .. results?.Schema.Names ?? []] : [];
        if (options.Sink.Kafka is not null)
        {
            CheckColumns(columns, options, results, "source.kafka.columns");
        }

        return new KafkaSource(source, MessageSchema.Of(columns), reserved, partitions, log);
    }

    /// <exception cref="PipelineException">The brokers cannot be reached, a topic is missing, or the ends do not go together.</exception>
    public static ISinkPlan PlanSinks(PipelineOptions options, ISource source, ResultColumns? results, ILogger log)
    {
        if (options.Sink.Kafka is not { } sink || options.DeadLetter.Kafka is not { } deadLetter)
        {
            throw new PipelineDefinitionException("sink and deadLetter must be of one kind, since they commit together: give both `kafka`, or both `parquet`.");
        }

        if (sink.Topic == deadLetter.Topic)
        {
            throw new PipelineDefinitionException($"sink and deadLetter both write to the topic {sink.Topic}: give them topics of their own.");
        }

        if (deadLetter.BootstrapServers != sink.BootstrapServers || (deadLetter.Properties.Count > 0 && !Same(deadLetter.Properties, sink.Properties)))
        {
            throw new PipelineDefinitionException(
                "sink.kafka and deadLetter.kafka must have the same bootstrapServers and properties: one producer writes both.");
        }

        using var cluster = new KafkaCluster(sink, "sink.kafka", log);
        cluster.Partitions(sink.Topic, "Write");
        cluster.Partitions(deadLetter.Topic, "Write", "deadLetter.kafka");
        if (source is not KafkaSource kafka)
        {
            CheckColumns(source.Schema.Names, options, results, "source.parquet.columns");
            return new KafkaSinkPlan(
                sink, deadLetter, $"{options.Name}-{sink.Topic}",
                new RecordJson(source.Schema, isJson: false, isWhole: false, sink.Names, options.Output, results),
                () => new FilePositions(options.Name, sink, deadLetter.Topic, source.Files!, log), log);
        }

        CheckCluster(options.Source.Kafka!, sink, cluster, log);
        CheckTopics(options.Source.Kafka!, sink, deadLetter);
        var json = new RecordJson(source.Schema, options.Source.Kafka!.Format == "json", IsWhole(options), sink.Names, options.Output, results);
        return new KafkaSinkPlan(
            sink, deadLetter, $"{kafka.Group.GroupId}-{Guid.NewGuid():N}", json, () => new GroupPositions(kafka.Group, kafka.Topics), log);
    }

    private static string[] FieldsOf(PipelineOptions options) =>
        [.. AddedNames.Fields(options.Output).Select(field => options.Sink.Kafka!.Names.TryGetValue(field, out var name) ? name : field)];

    private static void CheckColumns(IEnumerable<string> columns, PipelineOptions options, ResultColumns? results, string key)
    {
        if (columns.Intersect(FieldsOf(options)).FirstOrDefault() is { } name)
        {
            throw new PipelineDefinitionException(
                $"the source has a column '{name}', which is also a field that sink.kafka adds: give that another name with sink.kafka.names, "
                + $"or leave the source's out with {key}.");
        }

        if (columns.Intersect(results?.Schema.Names ?? []).FirstOrDefault() is { } taken)
        {
            throw new PipelineDefinitionException(
                $"the source has a column '{taken}', which is also a property of the schema that output.columns makes a field of: leave the source's out "
                + $"with {key}, or give the property another name.");
        }

        if (FieldsOf(options).Intersect(results?.Schema.Names ?? []).FirstOrDefault() is { } own)
        {
            throw new PipelineDefinitionException(
                $"sink.kafka adds a field '{own}', which is also a property of the schema that output.columns makes a field of: give what is added another "
                + "name with sink.kafka.names.");
        }
    }

    private static bool IsWhole(PipelineOptions options) =>
        options is { Sink.Kafka: not null, Source.Kafka: { Format: "json", Columns: null } };

    private static void CheckCluster(KafkaSourceOptions source, KafkaSinkOptions sink, KafkaCluster cluster, ILogger log)
    {
        if (source.BootstrapServers == sink.BootstrapServers)
        {
            return;
        }

        using var other = new KafkaCluster(source, "source.kafka", log);
        if (other.ClusterId() != cluster.ClusterId())
        {
            throw new PipelineDefinitionException(
                $"source.kafka ({source.BootstrapServers}) and sink.kafka ({sink.BootstrapServers}) are different clusters, and no transaction spans two: "
                + "write to the source's cluster, or to Parquet.");
        }
    }

    private static void CheckTopics(KafkaSourceOptions source, KafkaSinkOptions sink, KafkaSinkOptions deadLetter)
    {
        foreach (var topic in new[] { sink.Topic, deadLetter.Topic })
        {
            if (source.Topics.Any(t => t == topic || (t.StartsWith('^') && System.Text.RegularExpressions.Regex.IsMatch(topic, t))))
            {
                throw new PipelineDefinitionException(
                    $"the topic {topic}, which the pipeline writes to, is among what the source reads: choose another topic.");
            }
        }
    }

    private static bool Same(IDictionary<string, string> a, IDictionary<string, string> b) =>
        a.Count == b.Count && a.All(p => b.TryGetValue(p.Key, out var value) && value == p.Value);
}
