using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Text.Json;
using FlexGen.Engine;

namespace FlexGen.Worker.Configuration;

/// <summary>The <c>engine</c> key of a pipeline file: how the model is run. What is not given follows from model and machine.</summary>
internal sealed class EngineSettings : PolicySettings
{
    [Required]
    [RegularExpression(
        "auto|cuda:all|cpu(,cpu)*|cuda:[0-9]+(,cuda:[0-9]+)*",
        ErrorMessage = "{0} must be auto, cpu or cuda:N, several GPUs with commas between them, or cuda:all.")]
    public string Device { get; set; } = "auto";

    [Required]
    [AllowedValues("auto", "float32", "bfloat16", "float16", ErrorMessage = "{0} must be auto, float32, bfloat16 or float16.")]
    public string DataType { get; set; } = "auto";

    public ByteSize? GpuMemory { get; set; }

    public ByteSize? HostMemory { get; set; }

    [Required]
    [AllowedValues("serial", "zigzag", ErrorMessage = "{0} must be serial or zigzag.")]
    public string Schedule { get; set; } = "zigzag";

    [Length(1, int.MaxValue, ErrorMessage = "{0} must name a folder.")]
    public string? DiskDirectory { get; set; }

    /// <summary><c>auto</c>, or a file with keys of <see cref="PolicySettings"/>; those that are given beside it win.</summary>
    [Required]
    public string Policy { get; set; } = PolicyFile.Auto;

    /// <summary>Whether the policy is given, in a file or by its parts, and holds as it is; otherwise it is searched.</summary>
    internal bool StatesPolicy => Policy != PolicyFile.Auto || HasSizesOrPlaces;

    /// <summary>What the user calls a setting that a message of the engine names.</summary>
    internal Func<Setting, string> NameOf => setting => nameOf(KeyOf(setting));

    private Func<string, string> nameOf = key => key;

    /// <summary>The settings that options of the command line make.</summary>
    /// <param name="commandLine">The options.</param>
    /// <param name="nameOf">What the user calls each key.</param>
    /// <exception cref="UsageException">An option, or the policy file that one names, is wrong.</exception>
    public static EngineSettings Load(ConfigurationLayer commandLine, Func<string, string> nameOf) =>
        PolicyFile.Bind<EngineSettings>("command line", [commandLine], prefix: "", settings => settings.Policy).Named(nameOf);

    /// <summary>The same settings, of which the user calls each key by another name.</summary>
    public EngineSettings Named(Func<string, string> nameOf)
    {
        this.nameOf = nameOf;
        return this;
    }

    /// <summary>Loads an engine, whose refusal is worded in what the user calls the settings.</summary>
    /// <exception cref="EngineException">The settings cannot be met on this machine.</exception>
    /// <exception cref="UsageException">One has no effect.</exception>
    public OffloadEngine Load(Func<EngineOptions, OffloadEngine> load)
    {
        RequireEffect();
        try
        {
            return load(ToOptions());
        }
        catch (EngineException e)
        {
            throw new EngineException(e.Text.Worded(NameOf), e);
        }
    }

    /// <summary>Refuses what only matters of what is not on the GPU, where nothing says that anything is not.</summary>
    /// <exception cref="UsageException">There is such a setting.</exception>
    public void RequireEffect()
    {
        (string Key, string? Value, string What)[] settings =
        [
            (nameof(Attention), AttentionOnHost > 0 ? Attention : null, "the KV cache"),
            (nameof(WeightPages), WeightPages?.ToString(CultureInfo.InvariantCulture), "the weights"),
        ];
        if (Percent is null && settings.FirstOrDefault(s => s.Value is not null) is { Key: { } key } idle)
        {
            throw new UsageException($"{nameOf(JsonNamingPolicy.CamelCase.ConvertName(key))} is {idle.Value}, and has no effect where all of {idle.What} is on "
                + $"the GPU, as it is without {NameOf(Setting.Shares)}: say with that what is not, or leave it out.");
        }
    }

    private static string KeyOf(Setting setting) => JsonNamingPolicy.CamelCase.ConvertName(setting == Setting.Shares ? nameof(Percent) : setting.ToString());

    public EngineOptions ToOptions()
    {
        var options = Apply(new()
        {
            Device = Device,
            DataType = DataType,
            GpuMemory = GpuMemory?.Bytes,
            HostMemory = HostMemory?.Bytes,
            Overlap = Schedule == "zigzag",
        });
        return DiskDirectory is null ? options : options with { DiskDirectory = DiskDirectory };
    }
}
