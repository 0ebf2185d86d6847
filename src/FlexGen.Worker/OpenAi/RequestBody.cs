using System.Text.Json;
using FlexGen.Dataflow;
using FlexGen.Worker.JsonLines;

namespace FlexGen.Worker.OpenAi;

/// <summary>The body of a request to OpenAI's API, read as what this program does with it. What it does not do is refused by name.</summary>
internal sealed class RequestBody
{
    public const string Chat = "/v1/chat/completions";
    public const string Completions = "/v1/completions";

    /// <summary>Fields that say who asks, or where and how the answer is computed.</summary>
    private static readonly HashSet<string> idle =
        ["model", "user", "metadata", "store", "service_tier", "safety_identifier", "prompt_cache_key", "parallel_tool_calls"];

    private static readonly HashSet<string> both =
        ["temperature", "top_p", "top_k", "repetition_penalty", "seed", "max_tokens", "stop", "n", "logprobs", "response_format"];

    private static readonly HashSet<string> ofChat = ["messages", "tools", "tool_choice", "max_completion_tokens", "top_logprobs"];
    private static readonly HashSet<string> ofCompletions = ["prompt"];

    /// <summary>Fields that are taken where they ask for what is done anyway.</summary>
    private static readonly Dictionary<string, string[]> only = new()
    {
        ["stream"] = ["false"],
        ["presence_penalty"] = ["0"],
        ["frequency_penalty"] = ["0"],
        ["logit_bias"] = ["{}"],
        ["n"] = ["1"],
        ["best_of"] = ["1"],
        ["echo"] = ["false"],
        ["modalities"] = ["[\"text\"]"],
        ["tool_choice"] = ["\"auto\"", "\"none\""],
    };

    private readonly JsonElement body;
    private readonly string url;

    /// <param name="url">Which of the two it is sent to.</param>
    /// <param name="body">An object.</param>
    /// <param name="onIdle">Told of fields that have no effect.</param>
    /// <exception cref="LineException">It asks for what is not done.</exception>
    public RequestBody(string url, JsonElement body, Action<string> onIdle)
    {
        (this.url, this.body) = (url, body);
        var known = IsChat ? ofChat : ofCompletions;
        foreach (var field in body.EnumerateObject().Where(field => field.Value.ValueKind != JsonValueKind.Null))
        {
            if (idle.Contains(field.Name))
            {
                onIdle(field.Name);
            }
            else if (only.TryGetValue(field.Name, out var values))
            {
                if (!Array.Exists(values, value => JsonElement.DeepEquals(field.Value, JsonElement.Parse(value))))
                {
                    throw new LineException($"\"{field.Name}\" is {Excerpt.Of(field.Value.GetRawText())}, and only {string.Join(" or ", values)} can be done.");
                }
            }
            else if (!both.Contains(field.Name) && !known.Contains(field.Name))
            {
                var names = both.Concat(known).Concat(only.Keys).Concat(idle).Distinct().Order(StringComparer.Ordinal).ToList();
                throw new LineException($"\"{field.Name}\" is not known for {url}{NearestName.Hint(field.Name, names)} Known are: {string.Join(", ", names)}.");
            }
        }
    }

    public bool IsChat => url == Chat;

    /// <summary>The messages; the completion's prompt is null then.</summary>
    /// <exception cref="LineException">There are none.</exception>
    public JsonElement Messages => Find("messages") ?? throw new LineException("\"messages\" is missing.");

    /// <summary>The tools that the model may call; null: none.</summary>
    public JsonElement? Tools => Find("tool_choice") is { } choice && choice.GetString() == "none" ? null : Find("tools");

    /// <summary>The text to complete, or its token ids.</summary>
    /// <exception cref="LineException">It is neither.</exception>
    public (string? Text, int[]? TokenIds) Prompt
    {
        get
        {
            var prompt = Find("prompt") ?? throw new LineException("\"prompt\" is missing.");
            return prompt.ValueKind == JsonValueKind.String ? (InputLine.TextOf(prompt, "prompt"), null)
                : prompt.ValueKind == JsonValueKind.Array && prompt.EnumerateArray().All(item => item.ValueKind == JsonValueKind.Number)
                ? (null, new InputLine(body, default).TokenIds("prompt"))
                : throw new LineException("\"prompt\" must be a text or a list of token ids; several texts are a line each.");
        }
    }

    /// <summary>How many of the likeliest tokens are told with each; null: no probabilities are.</summary>
    /// <exception cref="LineException">It is no such number, or has no effect.</exception>
    public int? TopLogProbabilities
    {
        get
        {
            if (!IsChat)
            {
                return Find("logprobs") is { } count ? Whole("logprobs", count, 0, 20) : null;
            }

            var isAsked = Find("logprobs") is { } asked && (asked.ValueKind is JsonValueKind.True or JsonValueKind.False
                ? asked.GetBoolean() : throw Unexpected("logprobs", asked, "true or false"));
            return Find("top_logprobs") is not { } top ? (isAsked ? 0 : null)
                : isAsked ? Whole("top_logprobs", top, 0, 20) : throw new LineException("\"top_logprobs\" has no effect without \"logprobs\": true.");
        }
    }

    /// <summary>The schema that the answer is to be of; null: any text will do.</summary>
    /// <exception cref="LineException">It is something else.</exception>
    public JsonElement? Schema
    {
        get
        {
            if (Find("response_format") is not { } format)
            {
                return null;
            }

            var type = format.ValueKind == JsonValueKind.Object && format.TryGetProperty("type", out var named) && named.ValueKind == JsonValueKind.String
                ? named.GetString() : throw Unexpected("response_format", format, "an object with a \"type\"");
            return type switch
            {
                "text" => null,
                "json_object" => JsonElement.Parse("""{"type": "object"}"""),
                "json_schema" => format.TryGetProperty("json_schema", out var of) && of.ValueKind == JsonValueKind.Object
                    && of.TryGetProperty("schema", out var schema)
                    ? schema : throw new LineException("\"response_format\" has no \"json_schema\" with a \"schema\" in it."),
                _ => throw new LineException($"\"response_format\" is of the type {Excerpt.Of(type!)}; expected json_schema, json_object or text."),
            };
        }
    }

    /// <summary>How the answer is sampled and when it ends.</summary>
    /// <param name="standard">What holds where the body does not say.</param>
    /// <exception cref="LineException">A number is out of its range.</exception>
    public GenerationOptions Options(GenerationOptions standard)
    {
        var most = Find("max_completion_tokens") is not null && Find("max_tokens") is not null
            ? throw new LineException("\"max_tokens\" and \"max_completion_tokens\" are both given: keep one of them.")
            : Find("max_completion_tokens") is not null ? "max_completion_tokens" : "max_tokens";
        var options = new GenerationOptions
        {
            MaxNewTokens = Find(most) is { } tokens ? Whole(most, tokens, 1, int.MaxValue) : standard.MaxNewTokens,
            Temperature = Number("temperature", 0, 100) ?? standard.Temperature,
            TopP = Number("top_p", 0, 1) ?? standard.TopP,
            TopK = Find("top_k") is { } topK ? Whole("top_k", topK, 0, int.MaxValue) : standard.TopK,
            RepetitionPenalty = Number("repetition_penalty", 0.01, 100) ?? standard.RepetitionPenalty,
            Seed = Find("seed") is { } seed ? seed.ValueKind == JsonValueKind.Number && seed.TryGetInt64(out var number)
                ? number : throw Unexpected("seed", seed, "a whole number of 64 bits") : standard.Seed,
            Stop = Find("stop") is { } stop ? Stops(stop) : standard.Stop,
            StopTokenIds = standard.StopTokenIds,
            IgnoreEos = standard.IgnoreEos,
        };
        return options.TopP == 0 ? throw new LineException("\"top_p\" must be above 0 and at most 1; found 0.") : options;
    }

    private static string[] Stops(JsonElement stop)
    {
        string[] texts = stop.ValueKind == JsonValueKind.Array ? [.. stop.EnumerateArray().Select(Text)] : [Text(stop)];
        return texts.Contains("") ? throw new LineException("\"stop\" must not hold an empty text.") : texts;

        string Text(JsonElement one) =>
            one.ValueKind == JsonValueKind.String ? InputLine.TextOf(one, "stop") : throw Unexpected("stop", stop, "a text or a list of texts");
    }

    private static int Whole(string name, JsonElement value, int least, int most) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) && number >= least && number <= most
            ? number
            : throw Unexpected(name, value, $"a whole number from {least}{(most == int.MaxValue ? "" : $" to {most}")}");

    private static LineException Unexpected(string name, JsonElement found, string expected) =>
        new($"\"{name}\" must be {expected}; found {Excerpt.Of(found.GetRawText())}.");

    private JsonElement? Find(string name) => body.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private double? Number(string name, double least, double most) => Find(name) is not { } value ? null
        : value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) && number >= least && number <= most
        ? number : throw Unexpected(name, value, FormattableString.Invariant($"a number from {least} to {most}"));
}
