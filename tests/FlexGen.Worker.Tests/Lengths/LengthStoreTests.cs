using FlexGen.Dataflow;
using FlexGen.Planning.Cost;
using FlexGen.Worker.Lengths;

namespace FlexGen.Worker.Tests.Lengths;

public sealed class LengthStoreTests : IDisposable
{
    private static readonly LengthKey key = Key("extract", "/models/opt", new() { MaxNewTokens = 64 });
    private readonly string folder = Directory.CreateTempSubdirectory("flexgen-").FullName;
    private readonly SequenceLengths[] lengths = [new(12, 20), new(1, 64)];

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void Given_lengths_that_were_kept_when_loaded_then_they_are_there_and_nothing_else_is_in_the_folder()
    {
        var store = new LengthStore(Path.Combine(folder, "deep", "er"));
        Assert.Equal(([], null), (store.Load(key).Lengths, store.Load(key).Warning));
        Assert.Null(store.Save(key, [new(5, 6)]));
        Assert.Null(store.Save(key, lengths));
        Assert.Equal(lengths, store.Load(key).Lengths);
        Assert.Equal([store.FileOf(key)], Directory.EnumerateFiles(Path.Combine(folder, "deep", "er")));
    }

    [Fact]
    public void Given_what_changes_prompts_or_outputs_when_it_differs_then_lengths_are_of_something_else()
    {
        LengthKey[] others =
        [
            Key("another", "/models/opt", new() { MaxNewTokens = 64 }),
            Key("extract", "/models/llama", new() { MaxNewTokens = 64 }),
            Key("extract", "/models/opt", new() { MaxNewTokens = 65 }),
            Key("extract", "/models/opt", new() { MaxNewTokens = 64, Stop = ["\n"] }),
            Key("extract", "/models/opt", new() { MaxNewTokens = 64, IgnoreEos = true }),
            Key("extract", "/models/opt", new() { MaxNewTokens = 64, Temperature = 1 }),
            Key("extract", "/models/opt", new() { MaxNewTokens = 64 }, new() { Choices = ["yes", "no"] }),
            Key("extract", "/models/opt", new() { MaxNewTokens = 64 }, prompt: "Other: {{ text }}"),
        ];
        var store = new LengthStore(folder);
        store.Save(key, lengths);
        Assert.All(others, other => Assert.Empty(store.Load(other).Lengths));
        Assert.Equal(others.Length + 1, others.Append(key).Select(store.FileOf).Distinct().Count());
        Assert.Equal(lengths, store.Load(Key("extract", "/models/opt/", new() { MaxNewTokens = 64, Seed = 9 })).Lengths);
    }

    [Fact]
    public void Given_a_file_that_is_torn_or_of_something_else_when_loaded_then_a_warning_names_it_and_the_next_lengths_take_its_place()
    {
        var store = new LengthStore(folder);
        store.Save(key, lengths);
        var whole = File.ReadAllText(store.FileOf(key));
        string[] texts =
        [
            "", "null", "{}", "not json", "\0\0\0\0", whole[..(whole.Length / 2)], whole.Replace("12", "0"), whole.Replace("[12,20]", "[12]"),
            whole.Replace("[12,20]", "[12,20,3]"), whole.Replace("extract", "another"), whole.Replace("12", "1e99"), whole.Replace("[12,20]", "null"),
        ];
        Assert.All(texts, text =>
        {
            File.WriteAllText(store.FileOf(key), text);
            var found = store.Load(key);
            Assert.Empty(found.Lengths);
            Assert.StartsWith($"{store.FileOf(key)} does not hold the lengths of earlier runs and is ignored: ", found.Warning, StringComparison.Ordinal);
            Assert.Null(store.Save(key, lengths));
            Assert.Equal(lengths, store.Load(key).Lengths);
        });
    }

    [Fact]
    public void Given_a_place_where_nothing_can_be_kept_when_saved_then_the_reason_comes_back()
    {
        File.WriteAllText(Path.Combine(folder, "file"), "");
        var store = new LengthStore(Path.Combine(folder, "file"));
        Assert.NotNull(store.Save(key, lengths));
        Assert.Empty(store.Load(key).Lengths);
    }

    private static LengthKey Key(string pipeline, string folder, GenerationOptions generation, OutputOptions? output = null, string prompt = "{{ text }}") =>
        LengthKey.Of(pipeline, folder, generation, output, new PromptOptions { Template = prompt });
}
