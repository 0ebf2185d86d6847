using System.CommandLine;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using FlexGen.Dataflow;
using FlexGen.Interop;

namespace FlexGen.Worker.Reporting;

/// <summary>What a command says at its end, as aligned lines or as one JSON object.</summary>
internal sealed class Report
{
    private static readonly JsonSerializerOptions json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private readonly List<(string Key, JsonNode? Value, string Text)> lines = [];

    public static Option<bool> JsonOption() => new("--json") { Description = "Print the closing report as one JSON object." };

    /// <param name="key">The JSON key; underscores become spaces in the line.</param>
    /// <param name="value">The JSON value.</param>
    /// <param name="text">How the line shows the value, where not as JSON does.</param>
    public Report Add(string key, JsonNode? value, string? text = null)
    {
        lines.Add((key, value, text ?? value?.ToString() ?? ""));
        return this;
    }

    public Report Add(string key, long value) => Add(key, value, value.ToString("N0", null));

    public Report Add(Report other)
    {
        lines.AddRange(other.lines);
        return this;
    }

    /// <summary>
    /// Adds the most bytes in use so far: on the GPU (of several, on the fullest, and on each), of tiers in host memory, of scratch files, and of the whole process.
    /// </summary>
    public Report AddPeaks(IReadOnlyList<long> gpuBytes)
    {
        Add("gpu_peak_bytes", gpuBytes.Max());
        if (gpuBytes.Count > 1)
        {
            Add(
                "gpu_peak_bytes_by_device", new JsonArray([.. gpuBytes.Select(b => (JsonNode?)b)]),
                string.Join(", ", gpuBytes.Select(b => b.ToString("N0", null))));
        }

        return Add("host_peak_bytes", HostMemory.PeakBytes)
            .Add("disk_peak_bytes", DirectFile.PeakBytes)
            .Add("process_peak_bytes", System.Diagnostics.Process.GetCurrentProcess().PeakWorkingSet64);
    }

    /// <summary>Writes to the error stream what the user should know; null: nothing.</summary>
    public static void Warn(string? warning)
    {
        if (warning is not null)
        {
            ErrorStream.Say("warning", warning);
        }
    }

    /// <summary>Prints it to the output stream. Where that fails, a warning says so: what the report is about is done all the same.</summary>
    public void TryPrint(bool asJson)
    {
        try
        {
            Print(asJson);
        }
        catch (IOException e)
        {
            Warn($"{e.Message} All the work that it reports on is done.");
        }
    }

    /// <summary>Prints it to the output stream.</summary>
    /// <exception cref="IOException">The output stream is closed or full.</exception>
    public void Print(bool asJson)
    {
        try
        {
            Console.Out.Write(Text(asJson));
        }
        // A closed stream is "access denied" to the runtime.
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"the report cannot be written, because the output stream is closed or full ({e.Message}).", e);
        }
    }

    /// <summary>The report as it is printed.</summary>
    public string Text(bool asJson)
    {
        if (asJson)
        {
            return new JsonObject(lines.Select(l => KeyValuePair.Create(l.Key, l.Value))).ToJsonString(json) + Environment.NewLine;
        }

        var width = lines.Max(l => l.Key.Length);
        return string.Concat(lines.Select(line => $"{line.Key.Replace('_', ' ').PadRight(width)}  {Excerpt.Plain(line.Text)}{Environment.NewLine}"));
    }
}
