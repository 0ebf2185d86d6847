using System.Collections.Concurrent;
using System.CommandLine;
using System.Diagnostics;
using System.Text.Json;
using FlexGen.Dataflow;
using FlexGen.Engine;
using FlexGen.Worker.Configuration;
using FlexGen.Worker.Generation;
using FlexGen.Worker.JsonLines;
using FlexGen.Worker.OpenAi;
using FlexGen.Worker.Reporting;

namespace FlexGen.Worker.Commands;

/// <summary><c>flexgen batch</c>: answers the requests of an OpenAI batch file.</summary>
internal sealed class BatchCommand
{
    /// <summary>Lines read ahead for each slot, so that slots stay full.</summary>
    private const int LinesPerSlot = 4;

    private readonly JsonLinesOptions files = new("File to write answers to; an earlier run's answers in it stay and are not given again.");
    private readonly Option<string> errors = new("--errors")
    {
        HelpName = "FILE.jsonl",
        Description = "File to write the lines of failed requests to, likewise [default: the output].",
    };

    private readonly Option<bool> reasoning = new("--reasoning")
    {
        Description = "What the model writes between the tokens of its reasoning is \"reasoning_content\", and no part of the content.",
    };

    private readonly IReadOnlyList<KeyedOption> generation = KeyedOption.ForGeneration();
    private readonly IReadOnlyList<KeyedOption> engine = KeyedOption.ForEngine();
    private readonly ConcurrentDictionary<string, bool> idle = new();
    private readonly ResponseFormats formats = new();

    public static Command Create()
    {
        var batch = new BatchCommand();
        var command = new DetailedCommand(
            "batch",
            "Answers the requests of an OpenAI batch file.",
            """
            In, a line each:   {"custom_id": "a", "method": "POST", "url": "/v1/chat/completions", "body": {"messages": [{"role": "user", "content": "Hello"}]}}
                               or "/v1/completions" with "prompt"
            Out, as they end:  {"id": "batch_req_1", "custom_id": "a", "response": {"status_code": 200, "request_id": "req_1", "body": {...}}, "error": null}
            A body may have temperature, top_p, seed, max_tokens or max_completion_tokens, stop, logprobs, n of 1, tools, which the model's chat template writes
            out, and response_format, text, json_object or json_schema, which the answer then is. What it does not say is as the options below say. Fields that
            are not known fail their line, those that have no effect, such as model, are named once.
            The same command goes on where it was stopped: requests whose custom_id is in a file of answers are not answered again. The exit code is 1 when
            there are failed requests.

            Examples:
              flexgen batch --model qwen3-8b --input requests.jsonl --output results.jsonl
              flexgen batch --model qwen3-8b --input requests.jsonl --output results.jsonl --errors errors.jsonl --max-new-tokens 512 --gpu-batch-size 64
            """);
        batch.files.AddTo(command);
        command.Add(batch.errors);
        command.Add(batch.reasoning);
        foreach (var option in batch.generation.Concat(batch.engine))
        {
            command.Add(option.Option);
        }

        command.SetAction((parse, cancellation) => batch.RunAsync(parse, cancellation));
        return command;
    }

    private async Task<int> RunAsync(ParseResult parse, CancellationToken cancellation)
    {
        var options = OptionsBinder.Bind<GenerationOptions>("command line", [KeyedOption.Layer(parse, generation)]);
        var settings = EngineSettings.Load(KeyedOption.Layer(parse, engine), KeyedOption.Names(parse, engine));
        files.CheckFiles(parse, errors);
        var lines = new BatchLines(new[] { parse.GetRequiredValue(files.Output), parse.GetValue(errors) }.OfType<string>());
        var planning = files.Planning(parse, "batch", options.MaxNewTokens, [], text => InputLine.Parse(text, "custom_id", isText: true));
        using var model = LanguageModel.Load(parse.GetRequiredValue(files.Model), settings, options, planning: planning);
        Report.Warn(model.Warning);
        model.Form(options, null, hasReasoning: parse.GetValue(reasoning));
        var chat = files.Chat(parse, model.LoadChat);
        var name = Path.GetFileName(Path.TrimEndingDirectorySeparator(parse.GetRequiredValue(files.Model)));
        var body = new ResponseBody(name, TimeProvider.System, model.BytesOf);
        long promptTokens = 0, completionTokens = 0;
        var start = Stopwatch.GetTimestamp();
        var job = files.Job(parse, LinesPerSlot * model.Slots, parse.GetValue(errors), lines);
        await job.RunAsync(AnswerAsync, files.ReportError(parse));
        var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        return files.Finish(parse, job, new Report()
            .Add("already_done", job.AlreadyDone)
            .Add("already_failed", lines.Failed)
            .Add("prompt_tokens", promptTokens)
            .Add("completion_tokens", completionTokens)
            .Add("tokens_per_second", Math.Round(completionTokens / seconds, 1))
            .Add("seconds", Math.Round(seconds, 3))
            .AddPeaks(model.PeakGpuBytes), lines.Failed);

        Task<Action<Utf8JsonWriter>> AnswerAsync(InputLine line)
        {
            var (url, content) = BatchLines.Request(line);
            var request = new RequestBody(url, content, Idle);
            var prompt = PromptTokens(parse, request, model, chat);
            var sampling = request.Options(options);
            if (request.Schema is not null && sampling.IgnoreEos)
            {
                throw new LineException("its \"response_format\" has no place beside --ignore-eos, which goes past the token that ends an answer.");
            }

            var format = request.Schema is { } schema ? formats.Of(schema, model.TokensOf(options)) : default;
            var form = model.Form(sampling, format.Constraint is { } constraint ? _ => constraint : null, hasReasoning: parse.GetValue(reasoning));
            if (form.TooFewTokens is { } tooFew)
            {
                throw new LineException($"\"max_tokens\" is {tooFew}: raise it, or ask for less.");
            }

            return GenerateAsync(prompt, request, form with { TopLogProbabilities = request.TopLogProbabilities }, format.Check, line.Id.GetString()!);
        }

        async Task<Action<Utf8JsonWriter>> GenerateAsync(
            int[] prompt, RequestBody request, CompletionForm form, Dataflow.Checks.OutputSchema? check, string id)
        {
            var generated = await model.GenerateAsync(prompt, returnLogits: false, cancellation, form);
            if (generated is { Incomplete: { } why, FinishReason: FinishReason.Stop })
            {
                // Whoever reads "stop" takes the document for whole.
                throw new RecordException("output_incomplete", why.Replace("generation.stop", "\"stop\"", StringComparison.Ordinal));
            }

            if (generated.Incomplete is null)
            {
                check?.Check(generated.Text!);
            }

            return json =>
            {
                body.Write(json, request.IsChat, id, prompt.Length, generated);
                promptTokens += prompt.Length;
                completionTokens += generated.TokenIds.Count;
            };
        }
    }

    private int[] PromptTokens(ParseResult parse, RequestBody request, LanguageModel model, Lazy<ModelChat> chat)
    {
        var (text, ids) = request.IsChat ? (null, files.Encode(parse, request.Messages, request.Tools, chat)) : request.Prompt;
        if (text is not null)
        {
            return model.Encode(files.Prompt(parse, text));
        }

        model.Require(ids!);
        return ids!;
    }

    private void Idle(string field)
    {
        if (idle.TryAdd(field, true))
        {
            Report.Warn($"\"{field}\" in a request's body has no effect.");
        }
    }
}
