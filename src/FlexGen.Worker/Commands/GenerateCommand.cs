using System.CommandLine;
using System.Diagnostics;
using System.Text.Json;
using FlexGen.Dataflow;
using FlexGen.Dataflow.Checks;
using FlexGen.Worker.Configuration;
using FlexGen.Worker.Generation;
using FlexGen.Worker.JsonLines;
using FlexGen.Worker.Lengths;
using FlexGen.Worker.Reporting;

namespace FlexGen.Worker.Commands;

/// <summary><c>flexgen generate</c>: completions of prompts in a file.</summary>
internal sealed class GenerateCommand
{
    /// <summary>Lines read ahead for each slot, so that slots stay full while lines are written in order.</summary>
    private const int LinesPerSlot = 4;

    private readonly JsonLinesOptions files = new();
    private readonly Option<string> logitsFile = new("--logits")
    {
        HelpName = "FILE.jsonl",
        Description = "Also write the float32 logits after each prompt's last token, a JSON array a line; null for a bad line.",
    };

    private readonly IReadOnlyList<KeyedOption> generation = KeyedOption.ForGeneration();
    private readonly ConstraintArguments constraint = new();
    private readonly IReadOnlyList<KeyedOption> engine = KeyedOption.ForEngine();

    public static Command Create()
    {
        var generate = new GenerateCommand();
        var command = new DetailedCommand(
            "generate",
            "Completes prompts.",
            """
            In, a line each:   {"id": 1, "prompt": "Text: Ada lives in Turin.\nJSON:"}   or   {"id": 2, "prompt_token_ids": [2, 81, 7]}
                               or   {"id": 3, "messages": [{"role": "user", "content": "Where does Ada live?"}]}, with "tools" where there are some:
                               the model's own chat template writes them out
            Out, in order:     {"id": 1, "token_ids": [...], "text": " {...}", "finish_reason": "stop"}
            finish_reason is stop (end-of-sequence token, stop token or stop string) or length. token_ids has the tokens that ended it too; text has
            not, and is null where the model folder has no tokenizer. A bad line becomes {"id", "error"}, the others go on, and the exit code is 1.

            Examples:
              flexgen generate --model pipelines/demo/model --input prompts.jsonl --output completions.jsonl
              flexgen generate --model opt-125m --input prompts.jsonl --output out.jsonl --temperature 0.8 --top-p 0.95 --seed 7
              flexgen generate --model qwen3-8b --input chats.jsonl --output out.jsonl --schema person.schema.json --max-new-tokens 128
              flexgen generate --model qwen3-8b --input chats.jsonl --output out.jsonl --template-argument enable_thinking=false
              flexgen generate --model opt-125m --input ids.jsonl --output out.jsonl --logits logits.jsonl --max-new-tokens 1
            """);
        generate.files.AddTo(command);
        command.Add(generate.logitsFile);
        foreach (var option in generate.generation.Concat(generate.engine))
        {
            command.Add(option.Option);
        }

        generate.constraint.AddTo(command);
        command.SetAction((parse, cancellation) => generate.RunAsync(parse, cancellation));
        return command;
    }

    private async Task<int> RunAsync(ParseResult parse, CancellationToken cancellation)
    {
        var options = OptionsBinder.Bind<GenerationOptions>("command line", [KeyedOption.Layer(parse, generation)]);
        var settings = EngineSettings.Load(KeyedOption.Layer(parse, engine), KeyedOption.Names(parse, engine));
        var output = constraint.Read(parse, options);
        files.CheckFiles(parse, logitsFile);
        var check = await constraint.CheckAsync(output, cancellation);
        var path = parse.GetRequiredValue(files.Model);
        var (store, key) = (LengthStore.OfUser(), LengthKey.Of("", ModelTokenizer.Find(path), options, output, null));
        var earlier = store.Load(key);
        using var model = await constraint.WordedAsync(
            () => Task.FromResult(LanguageModel.Load(
                path, settings, options, output, planning: files.Planning(parse, "generate", options.MaxNewTokens, earlier.Lengths))));
        Report.Warn(model.Warning);
        Report.Warn(earlier.Warning);
        await using var lengths = new LengthRecorder(store, key, earlier.Lengths, Report.Warn, TimeProvider.System);
        await using var logits = parse.GetValue(logitsFile) is { } logitsPath ? File.Create(logitsPath) : null;
        var chat = files.Chat(parse, model.LoadChat);
        long promptTokens = 0, completionTokens = 0;
        var start = Stopwatch.GetTimestamp();
        var job = files.Job(parse, LinesPerSlot * model.Slots);
        await job.RunAsync(
            line => CompleteAsync(PromptTokens(parse, line, model, chat)),
            (number, error) =>
            {
                logits?.WriteLogits(null);
                return files.ReportError(parse)(number, error);
            });
        var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        return files.Finish(parse, job, new Report()
            .Add("prompt_tokens", promptTokens)
            .Add("completion_tokens", completionTokens)
            .Add("tokens_per_second", Math.Round(completionTokens / seconds, 1))
            .Add("seconds", Math.Round(seconds, 3))
            .AddPeaks(model.PeakGpuBytes));

        async Task<Action<Utf8JsonWriter>> CompleteAsync(int[] prompt)
        {
            var generated = await model.GenerateAsync(prompt, logits is not null, cancellation);
            Require(generated, check);
            return json =>
            {
                json.WriteTokenIds("token_ids", generated.TokenIds);
                json.WriteString("text", generated.Text);
                if (output is { Reasoning: true })
                {
                    json.WriteString("reasoning", generated.Reasoning);
                }

                json.WriteString("finish_reason", generated.FinishReasonName);
                promptTokens += prompt.Length;
                completionTokens += generated.TokenIds.Count;
                lengths.Add(prompt.Length, generated.TokenIds.Count);
                logits?.WriteLogits(generated.Logits);
            };
        }
    }

    /// <exception cref="RecordException">The text is not the whole of what was asked for, or not of the schema.</exception>
    private void Require(GeneratedText generated, OutputSchema? check)
    {
        if (generated.Incomplete is { } why)
        {
            throw new RecordException("output_incomplete", constraint.Worded(why));
        }

        check?.Check(generated.Text!);
    }

    private int[] PromptTokens(ParseResult parse, InputLine line, LanguageModel model, Lazy<ModelChat> chat)
    {
        var given = line.RequireOne("prompt", "prompt_token_ids", "messages");
        if (given == "prompt")
        {
            return model.Encode(files.Prompt(parse, line.Text(given)));
        }

        var tokens = given == "messages" ? files.Encode(parse, line, chat) : line.TokenIds(given);
        model.Require(tokens);
        return tokens;
    }
}
