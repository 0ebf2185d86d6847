namespace FlexGen.Dataflow;

/// <summary>The names of what the pipeline adds to records, and whether others that are given to it will do.</summary>
internal static class AddedNames
{
    public const string Output = "output";
    public const string Reasoning = "reasoning";
    public const string FinishReason = "finish_reason";
    public const string PromptTokens = "prompt_tokens";
    public const string CompletionTokens = "completion_tokens";
    public const string ErrorReason = "error_reason";
    public const string Error = "error";
    public const string Origin = "origin";
    public const string OriginPosition = "origin_position";
    public const string MessageKey = "message_key";
    public const string MessageHeaders = "message_headers";
    public const string MessageValue = "message_value";

    private static IReadOnlyList<string> OfDeadLetters { get; } = [ErrorReason, Error, Output, Origin, OriginPosition];

    private static IReadOnlyList<string> OfMessages { get; } = [MessageKey, MessageHeaders];

    /// <summary>What is added to a result in Kafka, and to every output.</summary>
    /// <param name="output">What the output is asked to be.</param>
    public static IReadOnlyList<string> Fields(OutputOptions? output) =>
    [
        .. output is { HasColumnsOnly: true } ? Array.Empty<string>() : [Output],
        .. output is { Reasoning: true } ? [Reasoning] : Array.Empty<string>(),
        FinishReason, PromptTokens, CompletionTokens,
    ];

    /// <summary>The columns that are added to the output.</summary>
    /// <param name="fromMessages">Whether records are messages, which have more than their value.</param>
    /// <param name="output">What the output is asked to be.</param>
    public static IReadOnlyList<string> ToOutputs(bool fromMessages, OutputOptions? output = null) => [.. Fields(output), .. fromMessages ? OfMessages : []];

    /// <summary>The columns that are added to the dead letter; a message's may hold no others.</summary>
    /// <param name="fromMessages">Whether records are messages, which have more than their value.</param>
    public static IReadOnlyList<string> ToDeadLetters(bool fromMessages) => [.. OfDeadLetters, .. fromMessages ? OfMessages.Append(MessageValue) : []];

    /// <summary>What is wrong with names that are given.</summary>
    /// <param name="key">The key that gives them.</param>
    /// <param name="names">The names by what they stand for; null: none.</param>
    /// <param name="added">What is added.</param>
    public static IEnumerable<string> Errors(string key, IDictionary<string, string>? names, IReadOnlyList<string> added)
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
