using System.Text.Json;
using System.Text.Json.Serialization;
using FlexGen.Testing.Soak;

namespace FlexGen.Benchmarks.Kafka;

/// <summary>The soak in its full form; prints what happens on the error stream and its counts as one JSON line. Exits with 1 where something was lost or doubled.</summary>
internal static class SoakCommand
{
    private static readonly JsonSerializerOptions json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
    };

    public static async Task<int> RunAsync(string[] args)
    {
        var values = new Dictionary<string, int>
        {
            ["seed"] = Environment.TickCount & 0xffffff,
            ["requests"] = 200_000,
            ["seconds"] = 300,
            ["faults"] = 40,
        };
        if (!await Arguments.ReadAsync("soak", args, values))
        {
            return 1;
        }

        var options = new SoakOptions(values["seed"], values["requests"], TimeSpan.FromSeconds(values["seconds"]), values["faults"]);
        var report = await new SoakRun(options, Console.Error.WriteLine).RunAsync();
        Console.WriteLine(JsonSerializer.Serialize(report, json));
        return report.Passed ? 0 : 1;
    }
}
