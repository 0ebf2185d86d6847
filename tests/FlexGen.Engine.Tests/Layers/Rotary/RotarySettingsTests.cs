using System.Text.Json.Nodes;
using FlexGen.Engine.Layers.Rotary;
using FlexGen.Engine.Tests.Models;

namespace FlexGen.Engine.Tests.Layers.Rotary;

public class RotarySettingsTests
{
    private const string Llama3 = """{"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 64}""";
    private const string Yarn = """{"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 64}""";

    [Theory]
    [InlineData("""{"type": "linear", "factor": 2.0}""")]
    [InlineData("""{"rope_type": "linear", "type": "linear", "factor": 2.0}""")]
    [InlineData(Llama3)]
    [InlineData(Yarn)]
    [InlineData("""{"rope_type": "default"}""")]
    public void The_older_keys_mean_what_the_newer_do(string scaling)
    {
        var newer = JsonNode.Parse(scaling)!.AsObject();
        newer.Add("rope_theta", 500000.0);
        var read = Read($$"""{"rope_theta": 500000.0, "rope_scaling": {{scaling}}}""");
        Assert.Equal(read, Read($$"""{"rope_parameters": {{newer.ToJsonString()}}}"""));
        Assert.NotEqual(Read("{}"), read);
    }

    [Theory]
    [InlineData("""{"rope_parameters": {}, "rope_theta": 5e5, "rope_scaling": {"rope_type": "linear", "factor": 2}}""")]
    [InlineData("""{"rope_parameters": {"rope_type": null, "factor": null}, "rope_theta": 5e5, "rope_scaling": {"rope_type": "linear", "factor": 2}}""")]
    [InlineData("""{"rope_parameters": null, "rope_theta": 5e5, "rope_scaling": {"rope_type": "linear", "factor": 2}}""")]
    [InlineData("""{"rope_scaling": {}, "rope_parameters": {"rope_type": "linear", "factor": 2, "rope_theta": 5e5}}""")]
    [InlineData("""{"rope_parameters": {"rope_theta": null, "rope_type": "linear", "factor": 2}, "rope_theta": 5e5}""")]
    [InlineData("""{"rope_parameters": {"rope_theta": 5e5, "rope_type": "linear", "factor": 2}, "rope_theta": 500000}""")]
    [InlineData("""{"rope_parameters": {"rope_theta": 5e5, "rope_type": "linear", "factor": 2}, "rope_scaling": {"type": "linear", "factor": 2.0}}""")]
    public void What_is_said_in_one_place_counts_where_the_others_say_nothing_else(string config) =>
        Assert.Equal(new(5e5, new LinearScaling(2)), Read(config));

    [Theory]
    [InlineData("""{"rope_scaling": {"factor": 2.0}}""", "'rope_scaling.rope_type' is missing, but 'factor'")]
    [InlineData("""{"rope_scaling": {"factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 64}}""", "'rope_scaling.rope_type' is missing")]
    [InlineData("""{"rope_parameters": {"rope_theta": 1e4, "factor": 2.0}}""", "'rope_parameters.rope_type' is missing, but 'factor'")]
    [InlineData("""{"rope_parameters": {"full_attention": {"rope_type": "default"}, "sliding_attention": {"rope_type": "default"}}}""", "'rope_parameters.full_attention' is an object")]
    [InlineData("""{"rope_parameters": {"rope_type": "linear", "factor": 2, "full_attention": {"rope_type": "default"}}}""", "'rope_parameters.full_attention' is an object")]
    [InlineData("""{"rope_parameters": {"rope_theta": 1e4}, "rope_theta": 1e6}""", "'rope_theta' is 1000000, but 10000 in another place")]
    [InlineData("""{"rope_parameters": {"rope_theta": 1e6, "rope_type": "default"}, "rope_scaling": {"type": "yarn", "factor": 4}}""", "'rope_scaling' asks for another", "'rope_parameters'")]
    [InlineData("""{"rope_scaling": {"rope_type": "linear", "type": "yarn", "factor": 2}}""", "'rope_scaling.type' is 'yarn', but 'rope_type' is 'linear'")]
    [InlineData("""{"rope_scaling": {"type": "dynamic", "factor": 2}}""", "'rope_scaling.type' is 'dynamic'", "default, linear, llama3 and yarn")]
    [InlineData("""{"rope_parameters": {"rope_type": "longrope"}}""", "'rope_parameters.rope_type' is 'longrope'")]
    [InlineData("""{"rope_scaling": {"rope_type": 3, "factor": 2}}""", "'rope_scaling.rope_type' is 3", "a string")]
    [InlineData("""{"rope_scaling": {"rope_type": "default", "factor": 2}}""", "'rope_scaling.factor' is not a key", "'default'")]
    [InlineData("""{"rope_scaling": {"rope_type": "linear", "factor": 2, "beta_fast": 3}}""", "'rope_scaling.beta_fast' is not a key", "'linear'")]
    [InlineData("""{"rope_scaling": {"rope_type": "yarn", "factor": 2, "beta_quick": 3}}""", "'rope_scaling.beta_quick' is not a key", "beta_fast")]
    [InlineData("""{"rope_scaling": {"rope_type": "linear"}}""", "'rope_scaling.factor' is missing")]
    [InlineData("""{"rope_scaling": {"rope_type": "yarn"}}""", "'rope_scaling.factor' is missing")]
    [InlineData("""{"rope_scaling": {"rope_type": "yarn", "factor": "4"}}""", "'rope_scaling.factor' is \"4\"")]
    [InlineData("""{"rope_scaling": {"rope_type": "yarn", "factor": 1e9}}""", "'rope_scaling.factor' is 1000000000", "beyond what can be counted")]
    [InlineData("""{"rope_scaling": {"rope_type": "yarn", "factor": 2, "beta_fast": 1, "beta_slow": 2}}""", "'rope_scaling.beta_fast' is 1", "'beta_slow' 2")]
    [InlineData("""{"rope_scaling": {"rope_type": "yarn", "factor": 2, "truncate": "no"}}""", "'rope_scaling.truncate'", "true or false")]
    [InlineData("""{"rope_scaling": {"rope_type": "yarn", "factor": 2, "original_max_position_embeddings": 64}, "original_max_position_embeddings": 32}""", "'original_max_position_embeddings' is 32, but 64")]
    [InlineData("""{"rope_scaling": {"rope_type": "llama3", "factor": 8, "low_freq_factor": 4, "high_freq_factor": 1}}""", "high_freq_factor")]
    [InlineData("""{"rope_theta": 1}""", "'rope_theta' is 1;", "above 1")]
    [InlineData("""{"rope_theta": null}""", "'rope_theta' is null", "write the base")]
    [InlineData("""{"rope_parameters": {"rope_type": "default", "rope_theta": null}}""", "'rope_parameters.rope_theta' is null", "write the base")]
    [InlineData("""{"rope_scaling": {"rope_type": "default", "partial_rotary_factor": 0.5}}""", "'rope_scaling.partial_rotary_factor' is 0.5")]
    public void What_is_not_understood_is_refused_and_never_read_as_the_default(string config, params string[] parts)
    {
        var message = Assert.Throws<CheckpointException>(() => Read(config)).Message;
        Assert.StartsWith("config.json: ", message, StringComparison.Ordinal);
        Assert.All(parts, part => Assert.Contains(part, message, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("""{"rope_type": "yarn", "factor": 4}""", 4, 512)]
    [InlineData("""{"rope_type": "yarn", "factor": null, "original_max_position_embeddings": 64}""", 8, 64)]
    [InlineData("""{"type": "yarn", "factor": 4.0, "original_max_position_embeddings": 64, "finetuned": true}""", 4, 64)]
    public void Yarns_context_and_factor_are_those_of_transformers(string scaling, double factor, int original)
    {
        var yarn = Assert.IsType<YarnScaling>(Read($$"""{"rope_scaling": {{scaling}}}""").Scaling);
        Assert.Equal((factor, original, 32, 1, true), (yarn.Factor, yarn.Original, yarn.Fast, yarn.Slow, yarn.Truncate));
        Assert.Equal((0.1 * Math.Log(factor)) + 1, yarn.AttentionFactor);
        Assert.Equal((int)factor * original, yarn.Context);
    }

    [Theory]
    [InlineData("", 1.1386294361119891)]
    [InlineData(", \"attention_factor\": 1.25", 1.25)]
    [InlineData(", \"mscale\": 0.5", 1.1386294361119891)]
    [InlineData(", \"mscale\": 2, \"mscale_all_dim\": 1", 1.2772588722239782 / 1.1386294361119891)]
    public void Yarns_attention_factor_is_the_one_given_or_follows_from_the_factor(string more, double expected) =>
        Assert.Equal(expected, Read($$"""{"rope_scaling": {{Yarn.Replace("}", more + "}", StringComparison.Ordinal)}}}""").Scaling.AttentionFactor, 1e-12);

    [Fact]
    public void Yarns_frequencies_keep_the_fast_waves_and_slow_the_slow_ones()
    {
        var (plain, yarn) = (new RotaryScaling().Frequencies(1e6, 64), Read($$"""{"rope_scaling": {{Yarn}}}""").Scaling.Frequencies(1e6, 64));
        Assert.Equal(plain[0], yarn[0], 1e-6f);
        Assert.Equal(plain[^1] / 4, yarn[^1], 1e-6f * plain[^1]);
        Assert.All(plain.Zip(yarn), f => Assert.InRange(f.Second, f.First / 4 * 0.999f, f.First * 1.001f));
    }

    private static RotarySettings Read(string config)
    {
        var json = JsonNode.Parse(config)!.AsObject();
        json.Add("max_position_embeddings", 512);
        return RotarySettings.Read(new(RandomCheckpoint.Json(json.ToJsonString())));
    }
}
