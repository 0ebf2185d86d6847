using System.Text.Json;
using FlexGen.Engine.Checkpoints.Safetensors;
using FlexGen.Engine.Models;
using FlexGen.Worker.Tests.Support;
using static TorchSharp.torch;

namespace FlexGen.Worker.Tests;

[Trait("Category", "Long")]
public sealed class CompressKillTests(ITestOutputHelper output) : IDisposable
{
    private const int Kills = 8;

    private const string Llama = """
        {"architectures": ["LlamaForCausalLM"], "vocab_size": 1000, "hidden_size": 1024, "num_hidden_layers": 6, "intermediate_size": 4096,
         "num_attention_heads": 16, "num_key_value_heads": 16, "max_position_embeddings": 64, "rms_norm_eps": 1e-5}
        """;

    private readonly ModelWorkspace workspace = new();

    public void Dispose() => workspace.Dispose();

    [Fact]
    public async Task Given_kills_at_random_moments_when_started_again_each_time_then_the_files_are_those_of_a_run_without_kills()
    {
        var seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        WriteModel();
        (await CompressAsync("whole")).Expect(0);
        var useful = 0;
        for (var kill = 0; kill < Kills; kill++)
        {
            using var process = FlexGenProcess.Start(workspace.At("."), ["compress", "--model", "model", "--output", "killed"]);
            // The first kill comes before anything is there, the others while a file is written.
            while (kill > 0 && !process.HasExited && (!Directory.Exists(workspace.At("killed")) || Unfinished().Length == 0))
            {
                await Task.Delay(2);
            }

            await Task.Delay(random.Next(kill == 0 ? 300 : 150));
            if (!process.HasExited)
            {
                process.Kill();
                useful++;
            }

            await process.WaitAsync();
            Assert.True(IsWhole() || !File.Exists(workspace.At("killed/config.json")), $"after kill {kill} half a model looks like one");
        }

        output.WriteLine($"{useful} of {Kills} kills came before the end");
        (await CompressAsync("killed")).Expect(0);
        Assert.Equal(Contents("whole"), Contents("killed"));
        Assert.True(useful > 0, "every kill came after the end");
    }

    private string[] Unfinished() => Directory.GetFiles(workspace.At("killed"), ".*.unfinished");

    private bool IsWhole() => File.Exists(workspace.At("killed/model.safetensors"))
        && new FileInfo(workspace.At("killed/model.safetensors")).Length == new FileInfo(workspace.At("whole/model.safetensors")).Length;

    private Task<ProcessResult> CompressAsync(string folder) => workspace.RunAsync("compress", "--model", "model", "--output", folder);

    private Dictionary<string, string> Contents(string folder) =>
        Directory.GetFiles(workspace.At(folder)).ToDictionary(f => Path.GetFileName(f)!, Workspace.Hash);

    private void WriteModel()
    {
        using var scope = NewDisposeScope();
        var generator = new Generator(7);
        var model = ModelFamily.Create(JsonElement.Parse(Llama), _ => true);
        Directory.CreateDirectory(workspace.At("model"));
        workspace.Write("model/config.json", Llama);
        SafetensorsWriter.Write(workspace.At("model/model.safetensors"), [.. model.Layers.SelectMany(l => l.Weights).DistinctBy(w => w.Name)
            .Select(w => KeyValuePair.Create(w.Name, (randn([.. w.Shape], generator: generator) * 0.05).to(ScalarType.BFloat16)))]);
    }
}
