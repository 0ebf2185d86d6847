using System.CommandLine;
using System.Text.Json.Nodes;
using FlexGen.Dataflow;
using FlexGen.Worker.Configuration;
using FlexGen.Worker.Generation;
using FlexGen.Worker.Policies;
using FlexGen.Worker.Reporting;
using Microsoft.Extensions.Logging.Abstractions;

namespace FlexGen.Worker.Commands;

/// <summary><c>flexgen validate</c>: checks a pipeline without running it.</summary>
internal static class ValidateCommand
{
    public static Command Create()
    {
        var arguments = new PipelineArguments();
        var command = new DetailedCommand(
            "validate",
            "Checks a pipeline without running it: its file, source and columns, template, schema, model and tokenizer, and whether the model fits.",
            """
            Nothing is generated and nothing is written. The exit code is 2 where the pipeline file, its schema or a column that it names is wrong,
            and 1 where what it names is not there or cannot be read.

            Example:
              flexgen validate pipelines/extract-demo.yaml
            """);
        arguments.AddTo(command);
        command.SetAction(async (parse, cancellation) =>
        {
            var options = arguments.Load(parse);
            var found = await Pipeline.ValidateAsync(options, Environment.CurrentDirectory, NullLoggerFactory.Instance, cancellation, Workloads.Sampled);
            await using var generator = GeneratorFactory.Create(
                options, TimeProvider.System, new WorkerLog(new CommandLogger("validate")), found.Sample, found.TotalRecords - found.RecordsAlreadyDone);
            new Report()
                .Add("pipeline", options.Name)
                .Add("records", found.TotalRecords)
                .Add("already_done", found.RecordsAlreadyDone)
                .Add("columns", new JsonArray([.. found.Columns.Select(c => JsonValue.Create(c))]), string.Join(", ", found.Columns))
                .Add("model", options.Model!.Path ?? "echo")
                .Add("runs_as", generator is EngineGenerator engine ? engine.Description : null)
                .Add(Plan((generator as EngineGenerator)?.Plan))
                .Add(Checks(found, generator, options))
                .Add("output", options.Sink.Parquet?.Path ?? options.Sink.Kafka?.Topic)
                .Add("dead_letter", options.DeadLetter.Parquet?.Path ?? options.DeadLetter.Kafka?.Topic)
                .Print(parse.GetValue(arguments.Json));
            return ExitCode.Success;
        });
        return command;
    }

    private static Report Plan(RunPlan? plan) => plan is null ? new() : new Report()
        .Add("plan", PlanText.Json(plan.Prediction.Plan.Policy), $"{PlanText.Of(plan.Prediction.Plan.Policy)}; {plan.Expected.Basis}")
        .Add("predicted_tokens_per_second", Math.Round(plan.Prediction.TokensPerSecond, 1))
        .Add("predicted_records_per_hour", Math.Round(plan.Prediction.SequencesPerSecond * 3600));

    /// <summary>Which keywords of the schema hold because nothing else is generated, and which are checked when an output is there.</summary>
    private static Report Checks(PipelineValidation found, IGenerator generator, WorkerOptions options)
    {
        var constraint = (generator as EngineGenerator)?.Constraint;
        if (found.SchemaKeywords is not { } keywords)
        {
            return constraint is null ? new Report() : new Report().Add("enforced_while_decoding", options.Output!.Regex is null ? "choices" : "regex");
        }

        string[] afterwards = constraint is null ? [.. keywords] : [.. constraint.Unenforced.Select(keyword => keyword.Location).Distinct()];
        var reasons = constraint?.Unenforced.Select(keyword => $"{keyword.Location} ({keyword.Reason})") ?? afterwards;
        return new Report()
            .Add("enforced_while_decoding", List(keywords.Except(afterwards)), Text(keywords.Except(afterwards)))
            .Add("checked_afterwards", List(afterwards), Text(reasons));

        static JsonArray List(IEnumerable<string> places) => [.. places.Select(place => JsonValue.Create(place))];

        static string Text(IEnumerable<string> places) => string.Join(", ", places) is { Length: > 0 } text ? text : "nothing";
    }
}
