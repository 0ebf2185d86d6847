using System.Text.Json;
using System.Text.Json.Nodes;
using FlexGen.Planning.Hardware;

namespace FlexGen.Planning.Tests.Hardware;

public class HardwareProfileTests
{
    private static readonly HardwareProfile known =
        KnownHardware.Find("t4")!.ToProfile() with { MeasuredOn = new("a GPU, driver 1", "a processor", 4, "/tmp on / (ext4)", "float16", "1.0") };

    [Fact]
    public void Parse_OfItsOwnJson_IsTheSame() => Assert.Equal(known.ToJson(), HardwareProfile.Parse(known.ToJson()).ToJson());

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("{\"name\": \"mine\"}")]
    public void Parse_OfSomethingElse_IsRefused(string text) => Assert.ThrowsAny<JsonException>(() => HardwareProfile.Parse(text));

    [Fact]
    public void Parse_OfATornFile_IsRefusedWhereverItEnds()
    {
        var text = known.ToJson();
        Assert.All(Enumerable.Range(0, text.Length / 97).Select(n => text[..(n * 97)]), torn => Assert.ThrowsAny<JsonException>(() => HardwareProfile.Parse(torn)));
    }

    [Theory]
    [InlineData("hostBytes", "-1", "hostBytes is -1; a number from 0 to 1e18")]
    [InlineData("links.diskRead.alone", "0", "links.diskRead has a rate of 0")]
    [InlineData("links.hostToGpu.latencySeconds", "-1e-6", "links.hostToGpu.latencySeconds is -1e-6")]
    [InlineData("compute.products", "{}", "products")]
    [InlineData("compute.products.float16.rows", "[4, 1]", "products")]
    [InlineData("compute.products.float16.seconds", "[[1]]", "products")]
    [InlineData("compute.prefillAttention.points", "[]", "attention")]
    [InlineData("compute.decodeAttention.float16.plain.points", "[{\"x\": 2, \"y\": 1}, {\"x\": 1, \"y\": 1}]", "attention")]
    [InlineData("compute.layers", "{}", "overheads")]
    [InlineData("compute.sweep.rowSeconds", "-1", "compute.sweep.rowSeconds is -1")]
    [InlineData("compute.elementBytes", "0", "elements")]
    [InlineData("compute.beyond", "1", "beyond")]
    [InlineData("links.hostToGpu.alone", "1e999", "links.hostToGpu.alone is 1e999")]
    [InlineData("links.hostToGpu.alone", "1e308", "links.hostToGpu.alone is 1e308")]
    [InlineData("compute.products.float16.seconds", "[[-2]]", "compute.products.float16.seconds[0][0] is -2")]
    [InlineData("hostBytes", "\"64\"", "hostBytes")]
    public void Parse_OfFiguresThatNoMachineHas_IsRefusedByName(string path, string value, string expected)
    {
        var profile = JsonNode.Parse(known.ToJson())!;
        var parts = path.Split('.');
        parts[..^1].Aggregate(profile, (node, part) => node[part]!)[parts[^1]] = JsonNode.Parse(value);
        var refused = Assert.ThrowsAny<JsonException>(() => HardwareProfile.Parse(profile.ToJsonString()));
        Assert.Contains(expected, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_OfAFigureThatIsGivenTwice_IsRefused()
    {
        var twice = known.ToJson().Replace("\"hostBytes\":", "\"hostBytes\": 1, \"hostBytes\":", StringComparison.Ordinal);
        Assert.Contains("hostBytes", Assert.ThrowsAny<JsonException>(() => HardwareProfile.Parse(twice)).Message, StringComparison.Ordinal);
    }
}
