using System.CommandLine;
using FlexGen.Dataflow;
using FlexGen.Worker.Configuration;
using FlexGen.Worker.JsonLines;
using FlexGen.Worker.Reporting;

namespace FlexGen.Worker.Commands;

/// <summary>What the commands that map one JSON-lines file to another have in common.</summary>
internal sealed class JsonLinesOptions
{
    public Option<string> Model { get; } = new("--model") { HelpName = "DIR", Required = true, Description = "Hugging Face checkpoint folder." };

    private readonly Option<string> input = new("--input") { HelpName = "FILE.jsonl", Required = true, Description = "File to read, one JSON object a line." };
    private readonly Option<string> output =
        new("--output") { HelpName = "FILE.jsonl", Required = true, Description = "File to write; replaced where it exists." };
    private readonly Option<bool> controlTokens = new("--control-tokens")
    {
        Description = "The text of a control token in the input, such as </s>, stands for the token. Without it all of the input is plain text.",
    };

    private readonly Option<bool> asJson = Report.JsonOption();

    public void AddTo(Command command)
    {
        command.Add(Model);
        command.Add(input);
        command.Add(output);
        command.Add(controlTokens);
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
        foreach (var option in alsoWritten.Prepend(output))
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

    public JsonLinesJob Job(ParseResult parse, int window) => new(parse.GetRequiredValue(input), parse.GetRequiredValue(output), window);

    public Prompt Prompt(ParseResult parse, string text) => new(text, parse.GetValue(controlTokens) ? [(0, text.Length)] : []);

    /// <summary>Writes a bad line to the error stream, with the file's name.</summary>
    public Func<int, string, Task> ReportError(ParseResult parse) =>
        (number, error) =>
        {
            ErrorStream.Say("error", $"{parse.GetRequiredValue(input)} line {number}: {error}");
            return Task.CompletedTask;
        };

    /// <summary>Prints the report with the counts of lines; the exit code tells whether there were bad ones.</summary>
    public int Finish(ParseResult parse, JsonLinesJob job, Report details)
    {
        new Report().Add("records", job.Records).Add("errors", job.Errors).Add(details).Add("output", parse.GetRequiredValue(output))
            .TryPrint(parse.GetValue(asJson));
        return job.Errors == 0 ? ExitCode.Success : ExitCode.Failure;
    }
}
