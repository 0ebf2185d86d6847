using System.CommandLine;
using FlexGen.Worker.Generation;
using FlexGen.Worker.JsonLines;
using FlexGen.Worker.Reporting;

namespace FlexGen.Worker.Commands;

/// <summary><c>flexgen tokenize</c>: the token ids of texts, for counting and checking.</summary>
internal static class TokenizeCommand
{
    private const int Window = 64;

    public static Command Create()
    {
        var files = new JsonLinesOptions();
        var command = new DetailedCommand(
            "tokenize",
            "Turns texts into token ids, for counting and checking.",
            """
            In, a line each:   {"id": 1, "text": "Ada lives in Turin."}   or   {"id": 2, "messages": [{"role": "user", "content": "Hello"}]}
            Out, in order:     {"id": 1, "token_ids": [...], "text": "Ada lives in Turin."}
            token_ids has the special tokens that the model wants around a text, or that its chat template writes for messages; text is decoded
            back without them.
            A bad line becomes {"id", "error"}, the others go on, and the exit code is 1.

            Example:
              flexgen tokenize --model pipelines/demo/model --input texts.jsonl --output tokens.jsonl
            """);
        files.AddTo(command);
        command.SetAction((parse, _) => RunAsync(files, parse));
        return command;
    }

    private static async Task<int> RunAsync(JsonLinesOptions files, ParseResult parse)
    {
        files.CheckFiles(parse);
        var folder = ModelTokenizer.Find(parse.GetRequiredValue(files.Model));
        var tokenizer = ModelTokenizer.Load(folder);
        var chat = files.Chat(parse, settings => ModelChat.Load(folder, tokenizer, settings));
        long tokens = 0;
        var job = files.Job(parse, Window);
        await job.RunAsync(
            line =>
            {
                var ids = Encode(line);
                tokens += ids.Length;
                return Task.FromResult<Action<System.Text.Json.Utf8JsonWriter>>(json =>
                {
                    json.WriteTokenIds("token_ids", ids);
                    json.WriteString("text", tokenizer.Decode(ids));
                });
            },
            files.ReportError(parse));
        return files.Finish(parse, job, new Report().Add("tokens", tokens));

        int[] Encode(InputLine line)
        {
            if (line.Has("messages") && line.RequireOne("text", "messages") == "messages")
            {
                return files.Encode(parse, line, chat);
            }

            var prompt = files.Prompt(parse, line.Text("text"));
            return tokenizer.Encode(prompt.Text, prompt.Literals);
        }
    }
}
