using System.CommandLine;
using FlexGen.Engine;
using FlexGen.Worker.Commands;
using FlexGen.Worker.Configuration;

namespace FlexGen.Worker.Tests.Configuration;

public class SettingNamesTests
{
    [Theory]
    [InlineData("HostMemory is 0.10 GiB. Raise HostMemory, lower GpuBatchSize, with Shares", null)]
    [InlineData("--host-memory is 0.10 GiB. Raise --host-memory, lower --gpu-batch-size, with --percent", "")]
    [InlineData("engine.hostMemory is 0.10 GiB. Raise engine.hostMemory, lower engine.gpuBatchSize, with engine.percent", "engine.")]
    [InlineData("--host-memory is 0.10 GiB. Raise --host-memory, lower engine.gpuBatchSize, with engine.percent", "engine.", "--host-memory", "100MiB")]
    public void Given_settings_by_options_or_by_a_file_when_a_message_names_some_then_by_the_user_s_names(string expected, string? prefix, params string[] arguments)
    {
        FormattableString cure = $"Raise {Setting.HostMemory}, lower {Setting.GpuBatchSize}, with {Setting.Shares}";
        var message = new EngineMessage($"{Setting.HostMemory} is {0.1:0.00} GiB. {cure}");
        if (prefix is null)
        {
            Assert.Equal(expected, message.ToString());
            return;
        }

        var options = KeyedOption.ForEngine();
        var command = new Command("run");
        foreach (var option in options)
        {
            command.Add(option.Option);
        }

        var settings = new EngineSettings().Named(KeyedOption.Names(command.Parse(arguments), options, prefix.Length == 0 ? null : prefix));
        Assert.Equal(expected, message.Worded(settings.NameOf));
    }

    [Fact]
    public void Given_a_file_s_budget_when_the_model_does_not_fit_then_the_refusal_names_its_key()
    {
        var settings = new EngineSettings { Device = "cpu", HostMemory = new ByteSize(1 << 20) }.Named(key => $"engine.{key}");
        var refused = Assert.Throws<EngineException>(() => settings.Load(options => OffloadEngine.LoadShape("opt-125m", options)));
        Assert.Contains("but engine.hostMemory is 0.00 GiB and would have to be ", refused.Message, StringComparison.Ordinal);
        Assert.Contains(". Raise engine.hostMemory, lower engine.gpuBatchSize, engine.gpuBatchCount", refused.Message, StringComparison.Ordinal);
        settings.HostMemory = null;
        settings.DataType = "int3";
        Assert.Equal("engine.dataType is 'int3'; use auto, float32, bfloat16 or float16", Assert.Throws<EngineException>(() => settings.Load(options => OffloadEngine.LoadShape("opt-125m", options))).Message);
    }
}
