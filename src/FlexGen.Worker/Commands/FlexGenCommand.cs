using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using FlexGen.Dataflow;
using FlexGen.Engine;
using FlexGen.Tokenizers;
using FlexGen.Worker.Configuration;
using FlexGen.Worker.Reporting;

namespace FlexGen.Worker.Commands;

/// <summary>The root of the command line: picks the command, and turns what it throws into an exit code and one error.</summary>
internal static class FlexGenCommand
{
    public static async Task<int> RunAsync(string[] args)
    {
        var parse = Parse(args);
        try
        {
            if (Unknown(parse) is { } unknown)
            {
                throw new UsageException($"{unknown} {Usage(parse.CommandResult.Command)}");
            }

            if (parse.Action is ParseErrorAction)
            {
                throw new UsageException($"{string.Join(" ", parse.Errors.Select(Message))} {Usage(parse.CommandResult.Command)}");
            }

            if (EmptyPath(parse) is { } empty)
            {
                throw new UsageException($"{empty} is empty; name a file or folder.");
            }
            // Signals are the host's: the default handler here would end the process before it has drained.
            return await parse.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
        }
        catch (Exception e)
        {
            return Report(e is AggregateException { InnerExceptions: [var only] } ? only : e, parse.GetValue(CommonOptions.Verbose));
        }
    }

    public static ParseResult Parse(IReadOnlyList<string> args) => Create().Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });

    private static RootCommand Create()
    {
        var root = new RootCommand(
            """
            Runs a language model over datasets: records in, completions out, each record exactly once.

            Examples:
              flexgen validate pipelines/extract-demo.yaml
              flexgen run pipelines/extract-demo.yaml
              flexgen run pipelines/extract-demo.yaml --set generation.maxNewTokens=32 --device cpu
              flexgen generate --model pipelines/demo/model --input prompts.jsonl --output completions.jsonl

            Exit codes: 0 done, or drained after SIGTERM or Ctrl+C; 1 failed; 2 the command line, the pipeline file or its schema is wrong.
            """)
        {
            CommonOptions.Verbose,
            RunCommand.Create(),
            ValidateCommand.Create(),
            GenerateCommand.Create(),
            BatchCommand.Create(),
            TokenizeCommand.Create(),
            CompressCommand.Create(),
            BenchCommand.Create(),
            ProfileCommand.Create(),
            PlanCommand.Create(),
        };
        var help = root.Options.OfType<HelpOption>().Single();
        help.Action = new DetailedHelpAction((HelpAction)help.Action!);
        return root;
    }

    /// <summary>What is wrong with the first word that is neither a command nor an option nor an argument; null where all are known.</summary>
    private static string? Unknown(ParseResult parse)
    {
        var command = parse.CommandResult.Command;
        // A misspelt option is taken for the argument where a command wants one.
        var arguments = parse.CommandResult.Tokens.Select(token => token.Value).Where(IsOption);
        if (parse.UnmatchedTokens.Concat(arguments).FirstOrDefault() is not { } word)
        {
            return null;
        }

        if (IsOption(word))
        {
            var options = command.Options.Concat(command.Parents.OfType<Command>().SelectMany(c => c.Options).Where(o => o.Recursive));
            var nearest = NearestName.Of(word.TrimStart('-'), options.Select(o => o.Name.TrimStart('-')));
            return $"Unknown option '{word}'{(nearest is null ? "." : $"; did you mean '--{nearest}'?")}";
        }

        return command.Subcommands.Count > 0
            ? $"Unknown command '{word}'{NearestName.Hint(word, command.Subcommands.Select(c => c.Name))}"
            : $"Unexpected argument '{word}'.";
    }

    /// <summary>What is wrong, without the types that the parser's own message names.</summary>
    private static string Message(ParseError error) =>
        error.SymbolResult is OptionResult { Tokens: [var token] } found && Most(found.Option.ValueType) is { } most
            ? $"{found.Option.Name} is '{token.Value}'; a whole number of at most {most} is expected."
            : error.Message;

    /// <summary>The largest whole number of a type; null: it has others.</summary>
    private static long? Most(Type type) => type == typeof(int) || type == typeof(int?) ? int.MaxValue : type == typeof(long) ? long.MaxValue : null;

    /// <summary>The first option or argument that is to name a file or folder and is empty; null: none is.</summary>
    private static string? EmptyPath(ParseResult parse) => parse.CommandResult.Children.Select(child => child switch
    {
        OptionResult option when IsPath(option.Option.HelpName) && IsEmpty(option) => option.Option.Name,
        ArgumentResult argument when IsEmpty(argument) => argument.Argument.HelpName ?? argument.Argument.Name,
        _ => null,
    }).FirstOrDefault(name => name is not null);

    private static bool IsEmpty(SymbolResult result) => result.Tokens.Any(token => token.Value.Length == 0);

    private static bool IsPath(string? helpName) => helpName is not null
        && (helpName.Contains("DIR", StringComparison.Ordinal) || helpName.Contains("FILE", StringComparison.Ordinal));

    private static bool IsOption(string word) => word.StartsWith('-') && word.Length > 1;

    private static string Usage(Command command) => $"'flexgen{(command is RootCommand ? "" : " " + command.Name)} --help' says more.";

    private static int Report(Exception e, bool verbose)
    {
        var expected = e is UsageException or PipelineException or RecordException or EngineException or RequestException or CheckpointException
            or TokenizerException or ChatTemplateException or IOException or UnauthorizedAccessException;
        var lines = e switch
        {
            _ when verbose => ErrorStream.Trace(e),
            UsageException usage => usage.Lines,
            PipelineException pipeline => pipeline.Lines,
            _ => [expected ? e.Message : $"unexpected {e.GetType().Name}: {e.Message} (--verbose shows where)"],
        };
        ErrorStream.Say("error", lines);
        return e is UsageException or PipelineDefinitionException ? ExitCode.Usage : ExitCode.Failure;
    }
}
