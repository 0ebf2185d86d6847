using System.Text.Json;
using System.Text.Json.Serialization;

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
/// <param name="Devices">The compute devices, of each of which the other figures are; null: there is one.</param>
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
    IReadOnlyList<string>? Sources = null,
    DeviceGroup? Devices = null)
{
    private static readonly JsonSerializerOptions json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        AllowDuplicateProperties = false,
        NumberHandling = JsonNumberHandling.Strict,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectRequiredConstructorParameters = true,
        RespectNullableAnnotations = true,
    };

    /// <summary>No figure is larger: an exabyte, and what a day of the fastest machines computes.</summary>
    private const double Largest = 1e18;

    /// <summary>How many compute devices there are.</summary>
    [JsonIgnore]
    public int DeviceCount => Devices?.Count ?? 1;

    /// <summary>The same with so many compute devices; what they have in common is as measured of two H100s, where this does not say.</summary>
    /// <param name="count">At least one.</param>
    public HardwareProfile With(int count) => this with { Devices = (Devices ?? DeviceGroup.Measured) with { Count = count } };

    /// <summary>From its own JSON.</summary>
    /// <exception cref="JsonException">It is something else, or a figure in it is none that a machine can have.</exception>
    public static HardwareProfile Parse(string text)
    {
        var profile = JsonSerializer.Deserialize<HardwareProfile>(text, json) ?? throw new JsonException("a hardware profile is an object, not null");
        var fault = Impossible(JsonElement.Parse(text), "") ?? profile.Fault();
        return fault is null ? profile : throw new JsonException($"a hardware profile's {fault}");
    }

    public string ToJson() => JsonSerializer.Serialize(this, json);

    /// <summary>The first figure that no machine has, whatever it is of; null: there is none.</summary>
    private static string? Impossible(JsonElement value, string path) => value.ValueKind switch
    {
        JsonValueKind.Object => First(value.EnumerateObject().Select(m => Impossible(m.Value, path.Length == 0 ? m.Name : $"{path}.{m.Name}"))),
        JsonValueKind.Array => First(value.EnumerateArray().Select((item, n) => Impossible(item, $"{path}[{n}]"))),
        JsonValueKind.Number when value.GetDouble() is not (>= 0 and <= Largest) =>
            $"{path} is {value.GetRawText()}; a number from 0 to {Largest:0e0} is expected",
        _ => null,
    };

    private static string? First(IEnumerable<string?> faults) => faults.FirstOrDefault(f => f is not null);

    /// <summary>The first figure, or group of them, that cannot be; null: all can.</summary>
    private string? Fault()
    {
        (string Name, CopyRates Rates)[] links =
        [
            ("hostToGpu", Links.HostToGpu), ("gpuToHost", Links.GpuToHost),
            ("diskRead", Links.DiskRead), ("diskWrite", Links.DiskWrite), ("diskToGpu", Links.DiskToGpu),
        ];
        var still = links.FirstOrDefault(l => !l.Rates.IsSound).Name;
        var attention = Compute.DecodeAttention.Values.Concat(HostAttention.ByFormat.Values).SelectMany(a => new[] { a.Plain, a.Grouped });
        return still is not null ? $"links.{still} has a rate of 0; those of copies are above 0"
            : Compute.Products.Count == 0 || !Compute.Products.Values.All(p => p.IsSound)
                ? "products must be tables of seconds above 0 by rising rows and elements"
            : Compute.DecodeAttention.Count == 0 || HostAttention.ByFormat.Count == 0 || !attention.Append(Compute.PrefillAttention).All(c => c.IsSound)
                ? "attention must be curves with points above 0 by rising x"
            : Compute.Layers.Count == 0 || Compute.PackedLayers.Count == 0 ? "overheads must be of one kind of layer at least"
            : Compute.ElementBytes <= 0 || Compute.BesideCopies < 1 || Compute.BesideReads < 1
                || HostAttention.BesideCopies < 1 || HostAttention.InTurns is <= 0 or > 1
                ? "elements, or what is beside copies, cannot be"
            : Devices is { IsSound: false } ? "devices must be 1 or more, with rates of 0 or more"
            : null;
    }
}
