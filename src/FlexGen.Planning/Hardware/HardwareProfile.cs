using System.Text.Json;

namespace FlexGen.Planning.Hardware;

/// <summary>A machine in figures: what the cost model computes with. Bytes, seconds, and bytes per second throughout.</summary>
/// <param name="Name">For people.</param>
/// <param name="GpuBytes">Memory of the GPU; without one, of the host.</param>
/// <param name="HostBytes">Memory of the host.</param>
/// <param name="DiskBytes">Free on the disk.</param>
/// <param name="ContextBytes">Of the GPU's memory, what driver and libraries take before the first weight.</param>
/// <param name="Links">Between the tiers.</param>
/// <param name="Compute">The compute device.</param>
/// <param name="HostAttention">The processor beside it.</param>
/// <param name="MeasuredOn">Where it was measured; null: its figures were published.</param>
/// <param name="Sources">Of figures that were published, where.</param>
public sealed record HardwareProfile(
    string Name,
    double GpuBytes,
    double HostBytes,
    double DiskBytes,
    double ContextBytes,
    LinkRates Links,
    ComputeRates Compute,
    HostAttentionRates HostAttention,
    MeasuredOn? MeasuredOn = null,
    IReadOnlyList<string>? Sources = null)
{
    private static readonly JsonSerializerOptions json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        UnmappedMemberHandling = System.Text.Json.Serialization.JsonUnmappedMemberHandling.Disallow,
        RespectRequiredConstructorParameters = true,
        RespectNullableAnnotations = true,
    };

    /// <summary>From its own JSON.</summary>
    /// <exception cref="JsonException">It is something else.</exception>
    public static HardwareProfile Parse(string text) =>
        JsonSerializer.Deserialize<HardwareProfile>(text, json) ?? throw new JsonException("a hardware profile is an object, not null");

    public string ToJson() => JsonSerializer.Serialize(this, json);
}
