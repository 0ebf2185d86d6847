using System.CommandLine;
using FlexGen.Dataflow;
using FlexGen.Worker.JsonLines;
using FlexGen.Worker.Reporting;

namespace FlexGen.Worker.Commands;

/// <summary>What the commands that map one JSON-lines file to another have in common.</summary>
internal sealed class JsonLinesOptions
{
    public Option<string> Model { get; } = new("--model") { HelpName = "DIR", Required = true, Description = "Hugging Face checkpoint folder." };

    private readonly Option<string> input = new("--input") { HelpName = "FILE.jsonl", Required = true, Description = "File to read, one JSON object a line." };
    private readonly Option<string> output = new("--output") { HelpName = "FILE.jsonl", Required = true, Description = "File to write; replaced where it exists." };
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

    public JsonLinesJob Job(ParseResult parse, int window) => new(parse.GetRequiredValue(input), parse.GetRequiredValue(output), window);

    public Prompt Prompt(ParseResult parse, string text) => new(text, parse.GetValue(controlTokens) ? [(0, text.Length)] : []);

    /// <summary>Writes a bad line to the error stream, with the file's name.</summary>
    public Func<int, string, Task> ReportError(ParseResult parse) =>
        (number, error) => Console.Error.WriteLineAsync($"error: {parse.GetRequiredValue(input)} line {number}: {error}");

    /// <summary>Prints the report with the counts of lines; the exit code tells whether there were bad ones.</summary>
    public int Finish(ParseResult parse, JsonLinesJob job, Report details)
    {
        new Report().Add("records", job.Records).Add("errors", job.Errors).Add(details).Add("output", parse.GetRequiredValue(output)).Print(parse.GetValue(asJson));
        return job.Errors == 0 ? ExitCode.Success : ExitCode.Failure;
    }
}
