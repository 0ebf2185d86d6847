using FlexGen.Worker.Hosting;
using FlexGen.Worker.Reporting;
using FlexGen.Worker.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace FlexGen.Worker.Tests.Reporting;

/// <summary>What others wrote neither steers the terminal nor looks like a line of the worker's.</summary>
public sealed class PlainTextTests
{
    private const string Hostile = "a\nerror: fake\u001b[31m\u202e";
    private const string Plain = @"a\nerror: fake\u001b[31m\u202e";

    [Fact]
    public async Task Given_a_hostile_file_name_when_run_then_there_is_one_error_line()
    {
        using var workspace = new Workspace();
        Directory.CreateDirectory(workspace.At("data"));
        await File.WriteAllTextAsync(workspace.At($"data/{Hostile}.parquet"), "id,text\n1,Ada\n");
        workspace.WritePipeline();
        foreach (var options in new string[][] { [], ["--verbose"] })
        {
            var error = (await workspace.RunAsync(["run", Workspace.File, .. options])).Expect(1).Error;
            Assert.Contains(Plain + ".parquet", error, StringComparison.Ordinal);
            Assert.Single(error.Split('\n'), line => line.Contains("error:", StringComparison.Ordinal) && !line.StartsWith(' '));
            Assert.DoesNotContain(error, c => c is '\u001b' or '\u202e');
        }
    }

    [Fact]
    public async Task Given_a_hostile_pipeline_file_when_validated_then_errors_are_on_lines_of_our_own()
    {
        using var workspace = new Workspace();
        workspace.WritePipeline(more: """
            "a\nerror fake\e[31m\u202e": 1
            other: 2
            """);
        var error = (await workspace.RunAsync("validate", Workspace.File)).Expect(2).Error;
        Assert.Contains($"unknown key '{Plain.Replace(":", "", StringComparison.Ordinal)}'", error, StringComparison.Ordinal);
        Assert.Equal(["error: pipeline.yaml has 2 errors:", "  line ", "  line "], error.TrimEnd().Split('\n').Select((line, n) => n == 0 ? line : line[..7]));
    }

    [Fact]
    public void Given_the_hosts_logging_when_a_message_quotes_then_it_is_plain()
    {
        var services = new ServiceCollection();
        var written = new List<string>();
        services.AddLogging(logging => WorkerHost.AddLogging(logging, services, verbose: true));
        using var listener = new Listener(written);
        services.AddSingleton<ILoggerProvider>(listener);
        using var provider = services.BuildServiceProvider();
        var log = provider.GetRequiredService<ILogger<PlainTextTests>>();
        Quote(log, Hostile, new FormatException(Hostile));
        Assert.Equal([$"found {Plain}", $"  System.FormatException: {Plain}"], Assert.Single(written).Split('\n'));
    }

    [Fact]
    public void Given_a_report_when_it_quotes_then_lines_are_plain_and_JSON_is_as_it_was()
    {
        var report = new Report().Add("name", Hostile);
        Assert.Equal($"name  {Plain}\n", report.Text(asJson: false));
        Assert.Equal(Hostile, System.Text.Json.JsonElement.Parse(report.Text(asJson: true)).GetProperty("name").GetString());
    }

    private static void Quote(ILogger log, string text, Exception e) =>
        log.Log(LogLevel.Debug, default, text, e, (state, _) => $"found {state}");

    private sealed class Listener(List<string> written) : ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            written.Add(formatter(state, exception) + exception);

        public void Dispose()
        {
        }
    }
}
