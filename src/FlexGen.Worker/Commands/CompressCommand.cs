using System.CommandLine;
using FlexGen.Engine.Checkpoints;
using FlexGen.Engine.Conversion;
using FlexGen.Interop;
using FlexGen.Worker.Configuration;
using FlexGen.Worker.Hosting;
using FlexGen.Worker.Reporting;

namespace FlexGen.Worker.Commands;

/// <summary><c>flexgen compress</c>: a model's checkpoint in 4 bits.</summary>
internal sealed class CompressCommand
{
    private readonly Option<string> model = new("--model") { HelpName = "DIR", Required = true, Description = "Hugging Face checkpoint folder." };
    private readonly Option<string> output = new("--output") { HelpName = "DIR", Required = true, Description = "Folder to write: none yet, or an empty one." };
    private readonly Option<string> group = new("--group")
    {
        HelpName = "32|64|128",
        Description = "Weights of a row that share a scale; fewer are more accurate, and take more room [default: 64].",
    };

    private readonly Option<bool> json = Report.JsonOption();

    public static Command Create()
    {
        var compress = new CompressCommand();
        var command = new DetailedCommand(
            "compress",
            "Writes a checkpoint with its linear layers' weights in 4 bits.",
            """
            The result is a model folder that every --model takes: it runs as the model does with --compress-weights int4 in the same groups, and loads
            faster. Embeddings and norms stay as they are, a head that is the embedding, too; the tokenizer's and other files are copied.
            It takes less than 1 GiB of memory, whatever the model has. A file gets its name when all of it is on disk: stopped or killed at any moment,
            the same command goes on where it was, to the same bytes.

            Examples:
              flexgen compress --model pipelines/demo/model --output out/demo-4bit
              flexgen generate --model out/demo-4bit --input prompts.jsonl --output completions.jsonl
            """)
        {
            compress.model, compress.output, compress.group, compress.json,
        };
        command.SetAction((parse, _) => Task.FromResult(compress.Run(parse)));
        return command;
    }

    private int Run(ParseResult parse)
    {
        var terminated = Signals.Take();
        var (from, to) = (parse.GetRequiredValue(model), parse.GetRequiredValue(output));
        var size = parse.GetValue(group) switch
        {
            null or "64" => 64,
            "32" => 32,
            "128" => 128,
            var other => throw new UsageException($"--group is '{other}'; 32, 64 or 128 is expected."),
        };
        if (File.Exists(to) || IsOne(ModelFolder.Find(from), to))
        {
            throw new UsageException($"--output {to} is {(File.Exists(to) ? "a file" : "the model's own folder")}; expected another folder.");
        }

        var start = TimeProvider.System.GetTimestamp();
        var report = new Report().Add("model", from).Add("output", to).Add("group", size);
        try
        {
            using var progress = ByteProgress.Start("compress");
            var summary = CheckpointCompressor.Run(from, to, size, progress.Show, terminated);
            report.Add("state", "complete").Add("weights_in_4_bits", summary.PackedWeights).Add("bytes_before", summary.BytesBefore)
                .Add("bytes_after", summary.BytesAfter).Add("files", summary.Files).Add("files_kept", summary.FilesKept);
        }
        catch (OperationCanceledException)
        {
            report.Add("state", "stopped", "stopped by a signal; the same command continues");
        }

        report.Add("seconds", Math.Round(TimeProvider.System.GetElapsedTime(start).TotalSeconds, 1)).TryPrint(parse.GetValue(json));
        return ExitCode.Success;
    }

    /// <summary>Whether two paths lead to one folder, however they are written.</summary>
    private static bool IsOne(string folder, string other) => Directory.Exists(other)
        && FileIdentity.Of(folder) is var one && FileIdentity.Of(other) is var two && (one.Device, one.Inode) == (two.Device, two.Inode);
}
