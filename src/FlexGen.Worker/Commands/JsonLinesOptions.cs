using System.CommandLine;
using System.Text.Json;
using FlexGen.Dataflow;
using FlexGen.Planning.Cost;
using FlexGen.Tokenizers;
using FlexGen.Worker.Configuration;
using FlexGen.Worker.Generation;
using FlexGen.Worker.JsonLines;
using FlexGen.Worker.Policies;
using FlexGen.Worker.Reporting;

namespace FlexGen.Worker.Commands;

/// <summary>What the commands that map one JSON-lines file to another have in common.</summary>
/// <param name="ofOutput">What is done with the file to write.</param>
internal sealed class JsonLinesOptions(string ofOutput = "File to write; replaced where it exists.")
{
    public Option<string> Model { get; } = new("--model") { HelpName = "DIR", Required = true, Description = "Hugging Face checkpoint folder." };

    private readonly Option<string> input = new("--input") { HelpName = "FILE.jsonl", Required = true, Description = "File to read, one JSON object a line." };

    public Option<string> Output { get; } = new("--output") { HelpName = "FILE.jsonl", Required = true, Description = ofOutput };

    private readonly Option<bool> controlTokens = new("--control-tokens")
    {
        Description = "The text of a control token in the input, such as </s>, stands for the token. Without it all of the input is plain text.",
    };

    private readonly Option<string[]> arguments = new("--template-argument")
    {
        HelpName = "NAME=VALUE",
        Description = "A variable of the chat template for lines of messages, such as enable_thinking=false; may be repeated. A value that is JSON "
            + "is what JSON says, anything else is a text.",
    };

    private readonly Option<string> chatTemplate = new("--chat-template")
    {
        HelpName = "NAME",
        Description = "Which of the model's chat templates writes out messages [default: tool_use for lines with tools where there is one, else default].",
    };

    private readonly Option<bool> asJson = Report.JsonOption();

    public void AddTo(Command command)
    {
        command.Add(Model);
        command.Add(input);
        command.Add(Output);
        command.Add(controlTokens);
        command.Add(arguments);
        command.Add(chatTemplate);
        command.Add(asJson);
    }

    /// <summary>Checks the files before a model is loaded for them in vain.</summary>
    /// <param name="parse">The command line.</param>
    /// <param name="alsoWritten">Options that name further files to write.</param>
    /// <exception cref="UsageException">The input is not there, a file cannot be where it is to be, or two of the files are one.</exception>
    public void CheckFiles(ParseResult parse, params IEnumerable<Option<string>> alsoWritten)
    {
        var read = parse.GetRequiredValue(input);
        if (!File.Exists(read))
        {
            throw new UsageException(Directory.Exists(read)
                ? $"--input {read} is a folder; expected a file of JSON lines."
                : $"There is no input file {read} (looked in {Environment.CurrentDirectory}).");
        }

        var options = new Dictionary<string, string> { [Path.GetFullPath(read)] = input.Name };
        foreach (var option in alsoWritten.Prepend(Output))
        {
            if (parse.GetValue(option) is not { } path)
            {
                continue;
            }

            var full = Path.GetFullPath(path);
            if (Directory.Exists(full) || !Directory.Exists(Path.GetDirectoryName(full)))
            {
                throw new UsageException($"{option.Name} {path} {(Directory.Exists(full) ? "is a folder; expected a file to write"
                    : "is in a folder that is not there")}.");
            }

            if (!options.TryAdd(full, option.Name))
            {
                throw new UsageException($"{options[full]} and {option.Name} are the same file, {path}.");
            }
        }
    }

    public JsonLinesJob Job(ParseResult parse, int window, string? errors = null, ILineFormat? format = null) =>
        new(parse.GetRequiredValue(input), parse.GetRequiredValue(Output), window, errors, format);

    public Prompt Prompt(ParseResult parse, string text) => new(text, parse.GetValue(controlTokens) ? [(0, text.Length)] : []);

    /// <summary>What a run over the input is planned with.</summary>
    /// <param name="parse">The command line.</param>
    /// <param name="command">Its name.</param>
    /// <param name="mostNew">Tokens that are generated for a line at the most.</param>
    /// <param name="earlier">What earlier runs had.</param>
    /// <param name="read">Reads a line; null: as a plain one.</param>
    public RunPlanning Planning(
        ParseResult parse, string command, int mostNew, IReadOnlyList<SequenceLengths> earlier, Func<string, InputLine>? read = null) => new(
        text => ErrorStream.Say(command, text),
        warning => Report.Warn(warning),
        text => ErrorStream.Say(command, text),
        length =>
        {
            var sample = LineSample.Of(parse.GetRequiredValue(input), Workloads.Sampled, read ?? (text => InputLine.Parse(text)));
            return Workloads.Of([.. sample.Lines.Select(l => Tokens(l, length)).Where(n => n > 0)], earlier, mostNew, sample.Count);
        });

    private static int Tokens(InputLine line, Func<Prompt, int> length)
    {
        const int CharactersOfAToken = 4;
        try
        {
            return line.Object.TryGetProperty("prompt_token_ids", out var ids) && ids.ValueKind == JsonValueKind.Array ? ids.GetArrayLength()
                : line.Object.TryGetProperty("prompt", out var text) && text.ValueKind == JsonValueKind.String ? length(new(line.Text("prompt"), []))
                : line.Object.GetRawText().Length / CharactersOfAToken;
        }
        catch (Exception e) when (RecordException.IsOfRecord(e))
        {
            // It gets its error when its turn comes.
            return 0;
        }
    }

    /// <summary>The model's chat template, which is read when a line has messages, or now where an option is for it.</summary>
    /// <exception cref="UsageException">A template argument has no name or no value.</exception>
    /// <exception cref="ChatTemplateException">An option is for a template that is not there or cannot be used.</exception>
    public Lazy<ModelChat> Chat(ParseResult parse, Func<ChatSettings, ModelChat> load)
    {
        var settings = new ChatSettings
        {
            TemplateName = parse.GetValue(chatTemplate),
            Arguments = TemplateArguments.Read((parse.GetValue(arguments) ?? []).Select(Argument)),
        };
        var chat = new Lazy<ModelChat>(() => load(settings));
        if (settings.TemplateName is not null || settings.Arguments.Count > 0)
        {
            _ = chat.Value;
        }

        return chat;
    }

    /// <summary>The ids of a line's messages.</summary>
    /// <exception cref="LineException">The model has no chat template, or one that cannot be used.</exception>
    /// <exception cref="RecordException">The messages are none, or the template refuses them.</exception>
    public int[] Encode(ParseResult parse, InputLine line, Lazy<ModelChat> chat) =>
        Encode(parse, line.Object.GetProperty("messages"), line.Find("tools"), chat);

    /// <inheritdoc cref="Encode(ParseResult, InputLine, Lazy{ModelChat})"/>
    public int[] Encode(ParseResult parse, System.Text.Json.JsonElement messages, System.Text.Json.JsonElement? tools, Lazy<ModelChat> chat)
    {
        try
        {
            return chat.Value.Encode(messages, tools, parse.GetValue(controlTokens));
        }
        catch (ChatTemplateException e)
        {
            throw new LineException(e.Message);
        }
    }

    /// <summary>Writes a bad line to the error stream, with the file's name.</summary>
    public Func<int, string, Task> ReportError(ParseResult parse) =>
        (number, error) =>
        {
            ErrorStream.Say("error", $"{parse.GetRequiredValue(input)} line {number}: {error}");
            return Task.CompletedTask;
        };

    /// <summary>Prints the report with the counts of lines; the exit code tells whether there were bad ones.</summary>
    /// <param name="parse">The command line.</param>
    /// <param name="job">What was done.</param>
    /// <param name="details">What else there is to say.</param>
    /// <param name="before">Bad lines of earlier runs.</param>
    public int Finish(ParseResult parse, JsonLinesJob job, Report details, int before = 0)
    {
        new Report().Add("records", job.Records).Add("errors", job.Errors).Add(details).Add("output", parse.GetRequiredValue(Output))
            .TryPrint(parse.GetValue(asJson));
        return job.Errors + before == 0 ? ExitCode.Success : ExitCode.Failure;
    }

    private static KeyValuePair<string, string> Argument(string given)
    {
        var equals = given.IndexOf('=', StringComparison.Ordinal);
        return equals > 0
            ? KeyValuePair.Create(given[..equals].Trim(), given[(equals + 1)..])
            : throw new UsageException($"--template-argument {given}: expected name=value, such as enable_thinking=false.");
    }
}
