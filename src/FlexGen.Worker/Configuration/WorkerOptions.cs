using System.Collections;
using System.ComponentModel.DataAnnotations;
using FlexGen.Dataflow;

namespace FlexGen.Worker.Configuration;

/// <summary>A pipeline file: the pipeline, the model that generates and the engine that runs it.</summary>
internal sealed class WorkerOptions : PipelineOptions
{
    [Required]
    public ModelSettings? Model { get; set; }

    public EngineSettings Engine { get; set; } = new();

    /// <summary>Reads a pipeline file; environment variables override it, then settings, then options of the command line.</summary>
    /// <exception cref="UsageException">Something in it is wrong; the message lists all of it.</exception>
    public static WorkerOptions Load(string path, IEnumerable<string> settings, params IEnumerable<ConfigurationLayer> commandLine)
    {
        var environment = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
            .Select(v => KeyValuePair.Create((string)v.Key, (string?)v.Value));
        var file = YamlLayer.Read(path, "pipeline file", "source, prompt, model, sink and deadLetter");
        return PolicyFile.Bind<WorkerOptions>(
            path, [file, ConfigurationLayer.FromEnvironment(environment), ConfigurationLayer.FromSettings(settings), .. commandLine],
                "engine:", o => o.Engine.Policy);
    }
}
