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
    [InlineData("hostBytes", "-1", "bytes of memory")]
    [InlineData("links.diskRead.alone", "0", "copies")]
    [InlineData("links.hostToGpu.latencySeconds", "-1e-6", "copies")]
    [InlineData("compute.products", "{}", "products")]
    [InlineData("compute.products.float16.rows", "[4, 1]", "products")]
    [InlineData("compute.products.float16.seconds", "[[1]]", "products")]
    [InlineData("compute.prefillAttention.points", "[]", "attention")]
    [InlineData("compute.decodeAttention.float16.plain.points", "[{\"x\": 2, \"y\": 1}, {\"x\": 1, \"y\": 1}]", "attention")]
    [InlineData("compute.layers", "{}", "overheads")]
    [InlineData("compute.sweep.rowSeconds", "-1", "overheads")]
    [InlineData("compute.elementBytes", "0", "elements")]
    [InlineData("compute.beyond", "1", "beyond")]
    public void Parse_OfFiguresThatNoMachineHas_IsRefusedByName(string path, string value, string expected)
    {
        var profile = JsonNode.Parse(known.ToJson())!;
        var parts = path.Split('.');
        parts[..^1].Aggregate(profile, (node, part) => node[part]!)[parts[^1]] = JsonNode.Parse(value);
        var refused = Assert.ThrowsAny<JsonException>(() => HardwareProfile.Parse(profile.ToJsonString()));
        Assert.Contains(expected, refused.Message, StringComparison.Ordinal);
    }
}
