using FlexGen.Worker.Generation;
using FlexGen.Worker.Tests.Support;

namespace FlexGen.Worker.Tests;

/// <summary>Model folders that cannot be run: validate and run say why in one error, and nothing is written.</summary>
public sealed class ModelFolderTests : IDisposable
{
    private readonly ModelWorkspace models = new();
    private readonly Workspace workspace = new();

    public void Dispose()
    {
        models.Dispose();
        workspace.Dispose();
    }

    [Fact]
    public async Task Given_a_tokenizer_of_another_model_when_validated_or_run_then_it_does_not_fit()
    {
        var model = models.Copy(ModelWorkspace.Reference("opt-pre-ln"));
        foreach (var file in new[] { "vocab.json", "merges.txt", "tokenizer_config.json" })
        {
            File.Copy(Path.Combine(ModelWorkspace.DemoModel, file), Path.Combine(model, file));
        }

        await RefusedAsync(model, "the tokenizer does not fit the vocabulary", "expected ids below the model's 128");
    }

    [Fact]
    public async Task Given_a_missing_shard_when_validated_or_run_then_it_is_named()
    {
        var model = WithTokenizer(models.Copy(ModelWorkspace.Reference("llama2")));
        File.Delete(Path.Combine(model, "model-00002-of-00003.safetensors"));
        await RefusedAsync(model, "model-00002-of-00003.safetensors");
    }

    [Fact]
    public async Task Given_a_header_that_lies_when_validated_or_run_then_file_and_tensor_are_named()
    {
        var model = models.Copy(ModelWorkspace.DemoModel);
        var weights = Path.Combine(model, "model.safetensors");
        var bytes = await File.ReadAllBytesAsync(weights);
        await File.WriteAllBytesAsync(weights, bytes[..^100]);
        await RefusedAsync(model, "model.safetensors", "cut short");
    }

    [Fact]
    public async Task Given_an_unsupported_architecture_when_validated_or_run_then_the_supported_are_named()
    {
        var model = models.Copy(ModelWorkspace.DemoModel);
        var config = Path.Combine(model, "config.json");
        await File.WriteAllTextAsync(config, (await File.ReadAllTextAsync(config)).Replace("OPTForCausalLM", "BloomForCausalLM", StringComparison.Ordinal));
        await RefusedAsync(model, "BloomForCausalLM", "LlamaForCausalLM, MistralForCausalLM, OPTForCausalLM, Qwen2ForCausalLM, Qwen3ForCausalLM");
    }

    [Fact]
    public async Task Given_no_tokenizer_when_validated_or_run_then_its_files_are_named() =>
        await RefusedAsync(ModelWorkspace.Reference("opt-pre-ln"), "has no tokenizer", "tokenizer.json");

    [Fact]
    public async Task Given_no_such_folder_when_validated_or_run_then_it_is_named() => await RefusedAsync("no/such/model", "no model folder no/such/model");

    [Fact]
    public async Task Given_a_repository_of_a_cache_and_an_added_token_without_an_embedding_when_generated_then_only_the_line_that_uses_it_fails()
    {
        var snapshot = Directory.CreateDirectory(models.At("models--demo--tiny/snapshots/c0ffee")).FullName;
        Directory.CreateDirectory(models.At("models--demo--tiny/refs"));
        await File.WriteAllTextAsync(models.At("models--demo--tiny/refs/main"), "c0ffee");
        foreach (var file in Directory.EnumerateFiles(ModelWorkspace.DemoModel))
        {
            File.CreateSymbolicLink(Path.Combine(snapshot, Path.GetFileName(file)), file);
        }

        await File.WriteAllTextAsync(Path.Combine(snapshot, "added_tokens.json"), """{"[PAD]": 800}""");
        models.WriteJson("in.jsonl", new { id = 1, prompt = "Text: a" }, new { id = 2, prompt = "Text: [PAD]" }, new { id = 3, prompt = "Text: a" });
        (await models.RunAsync("generate", "--model", "models--demo--tiny", "--input", "in.jsonl", "--output", "out.jsonl", "--max-new-tokens", "2")).Expect(1);
        var lines = models.Read("out.jsonl");
        Assert.Contains("Token id 800 is not in the model's vocabulary of 800.", lines[1].GetProperty("error").GetString(), StringComparison.Ordinal);
        Assert.Equal(lines[0].GetProperty("token_ids").GetRawText(), lines[2].GetProperty("token_ids").GetRawText());
    }

    [Theory]
    [InlineData("vocab.json", true)]
    [InlineData("merges.txt", true)]
    [InlineData("tokenizer_config.json", true)]
    [InlineData("tokenizer.json", true)]
    [InlineData("tokenizer.model", false)]
    public async Task Given_a_pointer_of_git_lfs_for_a_tokenizers_file_when_loaded_then_it_is_named_if_it_is_read(string file, bool isRead)
    {
        var model = models.Copy(ModelWorkspace.DemoModel, "*.*");
        await File.WriteAllTextAsync(Path.Combine(model, file), "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935c943f9e0ff69d22e\nsize 12345\n");
        var failed = Record.Exception(() => ModelTokenizer.Load(model));
        Assert.Equal(isRead ? $"{Path.Combine(model, file)}: is only git-lfs's pointer to the file; run 'git lfs pull' in the repository, or download the file itself" : null, failed?.Message);
    }

    private static string WithTokenizer(string model)
    {
        var tokenizers = Path.Combine(Repository.Root, "tests/FlexGen.Tokenizers.Tests/reference/llama2");
        foreach (var file in Directory.EnumerateFiles(tokenizers, "tokenizer*.json"))
        {
            File.Copy(file, Path.Combine(model, Path.GetFileName(file)));
        }

        return model;
    }

    private async Task RefusedAsync(string model, params string[] parts)
    {
        workspace.WriteDataset(10, 1);
        workspace.WritePipeline($"{{ path: \"{model}\" }}");
        foreach (var command in new[] { "validate", "run" })
        {
            var result = (await workspace.RunAsync(command, Workspace.File)).Expect(1);
            var error = Assert.Single(result.Error.Split('\n'), line => line.StartsWith("error: ", StringComparison.Ordinal));
            Assert.All(parts, part => Assert.Contains(part, error, StringComparison.Ordinal));
            Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
            Assert.Empty(workspace.Parts());
        }
    }
}
