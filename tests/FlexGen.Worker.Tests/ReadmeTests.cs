using System.Diagnostics;
using System.Text.RegularExpressions;
using FlexGen.Worker.Commands;
using FlexGen.Worker.Configuration;

namespace FlexGen.Worker.Tests;

/// <summary>
/// The README's commands, as they stand there. Those marked "needs a GPU", "a broker" or "a container engine" are held against the
/// parser; the others run in order, with pipelines validated where the README runs them, since other tests run those.
/// </summary>
[Trait("Category", "Long")]
public sealed partial class ReadmeTests : IDisposable
{
    // Stands in for the SDK: the project must be there, and what was built for the tests runs.
    private const string Sdk = """
        dotnet() {
          local verb=$1 project=
          while [ $# -gt 0 ] && [ "$1" != -- ]; do
            if [ "$1" = --project ]; then project=$2; fi
            shift
          done
          case "$verb $project" in
            "run src/FlexGen.Worker")
              shift
              if [ "$1" = run ]; then set -- validate "${@:2}"; fi
              command dotnet "$FLEXGEN" "$@" ;;
            "test ") ;;
            *) echo "dotnet $verb $project is not a command that this test knows" >&2; return 1 ;;
          esac
        }
        """;

    private readonly string folder = Directory.CreateTempSubdirectory("flexgen-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task Given_the_readme_when_its_commands_run_in_order_then_each_succeeds()
    {
        Directory.CreateSymbolicLink(Path.Combine(folder, "pipelines"), Path.Combine(Repository.Root, "pipelines"));
        var script = string.Join('\n', Commands().Where(c => !Marked().IsMatch(c)).Prepend(Sdk));
        var start = new ProcessStartInfo("bash", ["-exuo", "pipefail", "-c", script])
        {
            WorkingDirectory = folder,
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        start.Environment["XDG_CACHE_HOME"] = Path.Combine(folder, "cache");
        start.Environment["FLEXGEN"] = Path.Combine(AppContext.BaseDirectory, "flexgen.dll");
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var said = await process.StandardError.ReadToEndAsync() + await output;
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, said);
        Assert.Equal(2, File.ReadLines(Path.Combine(folder, "completions.jsonl")).Count());
    }

    [Fact]
    public void Given_what_needs_more_than_this_machine_when_parsed_then_options_and_files_are_known()
    {
        var marked = Commands().Where(c => Marked().IsMatch(c)).ToList();
        Assert.NotEmpty(marked);
        foreach (var command in marked)
        {
            string[] words = [.. Marked().Replace(command, "").Split(' ', StringSplitOptions.RemoveEmptyEntries)];
            Assert.All(words.Where(w => w.StartsWith("src/", StringComparison.Ordinal) || w.StartsWith("docker/", StringComparison.Ordinal)),
                path => Assert.True(Path.Exists(Path.Combine(Repository.Root, path)), $"{path}, in: {command}"));
            if (words.SkipWhile(w => w != "--" && !w.EndsWith("flexgen", StringComparison.Ordinal)).Skip(1).ToArray() is { Length: > 0 } arguments)
            {
                var parse = FlexGenCommand.Parse(arguments);
                Assert.True(parse.Errors.Count == 0 && parse.UnmatchedTokens.Count == 0, command);
                if (arguments[1..].FirstOrDefault(a => File.Exists(Path.Combine(Repository.Root, a))) is { } pipeline)
                {
                    WorkerOptions.Load(Path.Combine(Repository.Root, pipeline), []);
                }
            }
        }
    }

    private static string[] Commands()
    {
        var readme = File.ReadAllText(Path.Combine(Repository.Root, "README.md"));
        return [.. ShellBlock().Matches(readme).SelectMany(block => block.Groups["commands"].Value.Split('\n'))];
    }

    [GeneratedRegex(@"^```sh\n(?<commands>.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline | RegexOptions.ExplicitCapture)]
    private static partial Regex ShellBlock();

    [GeneratedRegex("# needs a (GPU|broker|container engine).*$", RegexOptions.ExplicitCapture)]
    private static partial Regex Marked();
}
