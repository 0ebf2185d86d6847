using System.ComponentModel.DataAnnotations;
using FlexGen.Dataflow.Sinks;

namespace FlexGen.Dataflow;

/// <summary>Checks the names that are given to what the pipeline adds.</summary>
internal static class AddedNames
{
    /// <summary>What the pipeline adds to a result in Kafka.</summary>
    public static IReadOnlyList<string> Fields { get; } = ["output", "finish_reason", "prompt_tokens", "completion_tokens"];

    public static IEnumerable<ValidationResult> Validate(PipelineOptions options)
    {
        List<string> errors =
        [
            .. Errors("sink.parquet.names", options.Sink.Parquet?.Names, Columns(AddedColumn.ToOutputs(options))),
            .. Errors("deadLetter.parquet.names", options.DeadLetter.Parquet?.Names, Columns(AddedColumn.ToDeadLetters(options))),
            .. Errors("sink.kafka.names", options.Sink.Kafka?.Names, Fields),
        ];
        if (options.DeadLetter.Kafka?.Names is { Count: > 0 })
        {
            errors.Add("deadLetter.kafka.names has nothing to name: a dead letter in Kafka is the request as it came, with headers. Leave it out.");
        }
        return errors.Select(error => new ValidationResult(error));
    }

    private static string[] Columns(IEnumerable<AddedColumn> columns) => [.. columns.Select(column => column.Field.Name)];

    private static IEnumerable<string> Errors(string key, IDictionary<string, string>? names, IReadOnlyList<string> added)
    {
        foreach (var (name, given) in names ?? new Dictionary<string, string>())
        {
            if (!added.Contains(name))
            {
                yield return $"{key} names '{name}', which is not added{NearestName.Hint(name, added)} Added are: {string.Join(", ", added)}.";
            }
            else if (string.IsNullOrWhiteSpace(given))
            {
                yield return $"{key} gives '{name}' an empty name.";
            }
        }
        var twice = added.GroupBy(name => names?.TryGetValue(name, out var given) == true ? given : name, StringComparer.OrdinalIgnoreCase);
        if (twice.FirstOrDefault(same => same.Count() > 1) is { } clash)
        {
            yield return $"{key} gives {string.Join(" and ", clash.Select(name => $"'{name}'"))} the same name '{clash.Key}'.";
        }
    }
}
