using FlexGen.Worker.Configuration;
using FlexGen.Worker.Reporting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using Microsoft.Extensions.Options;
using Spectre.Console;

namespace FlexGen.Worker.Hosting;

/// <summary>The process around a pipeline: signals, logging, progress.</summary>
internal static class WorkerHost
{
    /// <summary>Runs the pipeline to its end, or until a signal has drained it.</summary>
    /// <param name="options">The pipeline.</param>
    /// <param name="verbose">Whether to log more.</param>
    /// <param name="terminated">Cancelled by a signal, which may come before the host takes signals itself.</param>
    /// <returns>Null when a signal came before it began.</returns>
    public static async Task<RunOutcome?> RunAsync(WorkerOptions options, bool verbose, CancellationToken terminated)
    {
        await using var health = HealthFile.Keep(TimeProvider.System);
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        AddLogging(builder.Logging, builder.Services, verbose);
        builder.Services.Configure<ConsoleLifetimeOptions>(o => o.SuppressStatusMessages = true);
        // A sweep of a large model takes as long as it takes; whoever cannot wait kills, and loses nothing but the sweep.
        builder.Services.Configure<HostOptions>(o => o.ShutdownTimeout = Timeout.InfiniteTimeSpan);
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton(options);
        builder.Services.AddSingleton<PipelineService>();
        builder.Services.AddHostedService(services => services.GetRequiredService<PipelineService>());
        using var host = builder.Build();
        var service = host.Services.GetRequiredService<PipelineService>();
        try
        {
            await host.RunAsync(terminated);
            // RunAsync rethrows what the service threw; awaiting it here holds even where a version of the host does not.
            await service.ExecuteTask!;
        }
        catch (OperationCanceledException) when (terminated.IsCancellationRequested && service.Outcome is null)
        {
            service.SayStoppedBeforeStart();
        }

        return service.Outcome;
    }

    /// <summary>Log lines go to the error stream; the output stream is the closing report's.</summary>
    public static ILoggingBuilder AddLogging(ILoggingBuilder logging, IServiceCollection services, bool verbose)
    {
        logging.SetMinimumLevel(verbose ? LogLevel.Debug : LogLevel.Information);
        logging.AddFilter("Microsoft", LogLevel.None);
        if (Console.IsErrorRedirected)
        {
            services.AddSingleton<IProgressDisplay, LogProgress>();
            logging.AddSimpleConsole(o =>
            {
                o.SingleLine = true;
                o.TimestampFormat = AnsiLoggerProvider.TimestampFormat;
                o.ColorBehavior = LoggerColorBehavior.Disabled;
            });
            services.Configure<ConsoleLoggerOptions>(o => o.LogToStandardErrorThreshold = LogLevel.Trace);
        }
        else
        {
            services.AddSingleton(AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) }));
            services.AddSingleton<IProgressDisplay, BarProgress>();
            services.AddSingleton<ILoggerProvider, AnsiLoggerProvider>();
        }

        services.Replace(ServiceDescriptor.Singleton<ILoggerFactory>(provider => new PlainLoggerFactory(
            new LoggerFactory(provider.GetServices<ILoggerProvider>(), provider.GetRequiredService<IOptionsMonitor<LoggerFilterOptions>>()))));
        return logging;
    }
}
