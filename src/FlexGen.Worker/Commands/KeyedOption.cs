using System.CommandLine;
using FlexGen.Engine.Models;
using FlexGen.Worker.Configuration;

namespace FlexGen.Worker.Commands;

/// <summary>An option of the command line that stands for a key of the pipeline file, so that both are checked alike.</summary>
internal sealed record KeyedOption(string Key, Option Option)
{
    /// <summary>The device and memory a command may use. Keys are those of <see cref="EngineSettings"/>.</summary>
    public static IReadOnlyList<KeyedOption> ForEngine() =>
    [
        Text("device", "--device", "auto|cuda:N|cpu", "Where to compute. auto takes the first GPU, or all where the plan says that it pays, else the CPU. "
            + "cuda:0,cuda:1 are two GPUs and cuda:all is every one: layers go to them in turns [default: auto]."),
        Text("dataType", "--dtype", "TYPE", "Type to compute in: auto, float32, bfloat16 or float16. auto is the checkpoint's own on a GPU, "
            + "float32 on a CPU [default: auto]."),
        Text("gpuMemory", "--gpu-memory", "SIZE", "GPU memory that may be used, of each GPU, such as 16GiB [default: nine tenths of what is free]. "
            + "Without a GPU: the part of host memory that stands for it [default: all]."),
        Text("hostMemory", "--host-memory", "SIZE", "Host memory that may be used, such as 64GiB [default: three quarters of the machine's]."),
        Text("policy", "--policy", "auto|FILE", "A YAML or JSON file with some of the keys gpuBatchSize, gpuBatchCount, maxSequenceLength, "
            + "percent, attention, weightPages, compressWeights and compressKv; the options below win over it [default: auto]."),
        Text("gpuBatchSize", "--gpu-batch-size", "N", "Slots of one micro-batch: sequences computed at once [default: from the memory]."),
        Text("gpuBatchCount", "--num-gpu-batches", "N", "Micro-batches that share each loaded weight [default: 1]."),
        Text("maxSequenceLength", "--max-sequence-length", "TOKENS", "Room of a slot, prompt and output together [default: the model's "
            + "context, at most 4096]."),
        Text("schedule", "--schedule", "serial|zigzag", "Order of the engine's steps: one after another, or copies beside the computation [default: zigzag]."),
        new("percent", new Option<string[]>("--percent")
        {
            HelpName = "WG WC CG CC HG HC",
            Arity = new ArgumentArity(1, 6),
            AllowMultipleArgumentsPerToken = true,
            Description = "Per cent of weights on GPU and host, of KV cache on GPU and host, of hidden states on GPU and host; the rest is "
                + "on disk [default: 100 0 100 0 100 0].",
        }),
        Text("attention", "--attention", "gpu|host|PERCENT", "Where decoding attends to KV cache that is not on the GPU: brought there, or "
            + "in host memory; or the per cent of sequences that do so in host memory, both at once [default: gpu]."),
        Text("weightPages", "--weight-pages", "N", "Pieces in which the next layer's weights come in during a layer; 1 asks for all at its "
            + "start [default: one for each micro-batch]."),
        Text("compressWeights", "--compress-weights", "none|int4", "How linear layers' weights are kept: as they are computed with, or rounded to 4 bits, "
            + "with a scale and a zero for each 64 of a row: a quarter of the bytes on every tier, and computed with as they are [default: none]."),
        Text("compressKv", "--compress-kv", "none|int4", "How the KV cache is kept, likewise, wherever it rests and is attended to [default: none]."),
        Text("diskDirectory", "--disk-dir", "DIR", "A folder on a local disk for what rests there [default: the temporary folder, $TMPDIR or /tmp]."),
    ];

    /// <summary>What is measured. Keys are those of <see cref="BenchSettings"/>.</summary>
    public static IReadOnlyList<KeyedOption> ForBench() =>
    [
        new("shape", new Option<string>("--shape") { HelpName = "NAME", Description = $"One of {string.Join(", ", PublishedShapes.Names)}.", Required = true }),
        Text("promptLength", "--prompt-len", "N", "Tokens of each prompt [default: 512]."),
        Text("outputLength", "--gen-len", "N", "Tokens generated for each [default: 32]."),
        Text("lengths", "--lengths", "FILE|mixed", "Lengths that differ, in place of the two above: a JSON line {\"prompt_tokens\", "
            + "\"completion_tokens\"} for each prompt, or prompts of 50 to 1,000 and outputs of 1 to 256."),
        Text("promptCount", "--num-prompts", "N", "How many prompts; of a file of lengths the first N [default: as many as there are slots; all of the file]."),
        Text("slots", "--slots", "static|continuous", "Whether a free slot waits until its whole batch has ended, or is refilled at once "
            + "[default: continuous]."),
        Text("constrain", "--constrain", "SCHEMA", "Hold outputs to a JSON schema while they are generated, one document after another, with made-up texts "
            + "for the tokens."),
        Text("trace", "--trace", "FILE", "Write what each stream and thread did, for chrome://tracing or ui.perfetto.dev."),
    ];

    /// <summary>What a run may be told about its source. Keys are those of the pipeline file.</summary>
    public static IReadOnlyList<KeyedOption> ForSource() =>
    [
        new("source:kafka:untilEnd", new Option<bool>("--until-end") { Description = "Stop at what are the ends of the topics when the run "
            + "begins; without it a Kafka source goes on until SIGTERM." }),
    ];

    /// <summary>How the next token is chosen and when to end. Keys are those of the pipeline file's <c>generation</c>.</summary>
    public static IReadOnlyList<KeyedOption> ForGeneration() =>
    [
        Text("maxNewTokens", "--max-new-tokens", "N", "Tokens generated for a prompt at the most [default: 64]."),
        Text("temperature", "--temperature", "T", "0 takes the likeliest token; higher is more random [default: 0]."),
        Text("topK", "--top-k", "K", "Draw from the K likeliest tokens only; 0: from all [default: 0]."),
        Text("topP", "--top-p", "P", "Draw from the likeliest tokens that reach this probability together [default: 1]."),
        Text("repetitionPenalty", "--repetition-penalty", "R", "Makes tokens that were there before less likely; 1: off [default: 1]."),
        Text("seed", "--seed", "N", "Fixes every draw: the same prompt gives the same tokens, on a GPU up to rounding. 64 bits: "
            + "-9223372036854775808 to 9223372036854775807 [default: 0]."),
        new("stop", new Option<string[]>("--stop") { HelpName = "TEXT", Description = "Ends a completion before this text; may be repeated. "
            + "The text of a control token, such as </s>, stands for the token, too. A line feed in bash: --stop $'\\n'." }),
        new("stopTokenIds", new Option<string[]>("--stop-token-id") { HelpName = "ID", Description = "Ends a completion with this token; may be repeated." }),
        new("ignoreEos", new Option<bool>("--ignore-eos") { Description = "Go on past end-of-sequence tokens, to --max-new-tokens." }),
    ];

    /// <summary>What completions may be. Keys are those of the pipeline file's <c>output</c>.</summary>
    public static IReadOnlyList<KeyedOption> ForOutput() =>
    [
        Text("schema", "--schema", "FILE", "A JSON schema. Tokens are chosen among those that can still lead to a document of it, with its properties in "
            + "the schema's order, and a completion that is not one is an error."),
        Text("regex", "--regex", "PATTERN", "An ECMA-262 expression that each completion matches as a whole."),
        new("choices", new Option<string[]>("--choices") { HelpName = "TEXT", AllowMultipleArgumentsPerToken = true, Description = "Texts of which each "
            + "completion is one." }),
        Text("constrain", "--constrain", "true|false", "Whether --schema holds while a completion is generated, or is only checked when it is there "
            + "[default: true]."),
        Text("closeInTime", "--close-in-time", "true|false", "Whether the rest of --max-new-tokens is kept for the shortest way to a whole completion "
            + "where it is just enough for that [default: true]."),
        new("reasoning", new Option<bool>("--reasoning") { Description = "What the model writes between the tokens of its reasoning is \"reasoning\", and "
            + "no part of the text." }),
    ];

    /// <summary>The keys of those options that were given.</summary>
    public static ConfigurationLayer Layer(ParseResult parse, IEnumerable<KeyedOption> options, string prefix = "")
    {
        var values = ConfigurationLayer.NewValues();
        var names = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var (key, option) in options)
        {
            if (parse.GetResult(option) is not { Implicit: false } result)
            {
                continue;
            }

            var isList = option.ValueType.IsArray;
            string[] tokens = result.Tokens.Count == 0 ? ["true"] : [.. result.Tokens.Select(t => t.Value)];
            for (var i = 0; i < tokens.Length; i++)
            {
                var path = prefix + (isList ? $"{key}:{i}" : key);
                values[path] = tokens[i];
                names[path] = option.Name;
            }
        }

        return new ConfigurationLayer(values, path => names[path]);
    }

    /// <summary>
    /// What the user calls each key: the option that was given for it, or that could be; below <paramref name="prefix"/> in a file otherwise.
    /// </summary>
    public static Func<string, string> Names(ParseResult parse, IReadOnlyList<KeyedOption> options, string? prefix = null) => key =>
    {
        var option = options.First(option => option.Key == key).Option;
        return prefix is null || parse.GetResult(option) is { Implicit: false } ? option.Name : prefix + key;
    };

    /// <summary>A message about keys of a pipeline file, about the options that stand for them: the longest first, for some begin as others.</summary>
    public static string Worded(string message, IEnumerable<KeyedOption> options, string prefix) =>
        options.OrderByDescending(o => o.Key.Length).Aggregate(message, (text, option) => text
            .Replace($"{prefix}{option.Key}: ", option.Option.Name + " ", StringComparison.Ordinal)
            .Replace(prefix + option.Key, option.Option.Name, StringComparison.Ordinal));

    private static KeyedOption Text(string key, string name, string helpName, string description) =>
        new(key, new Option<string>(name) { HelpName = helpName, Description = description });
}
