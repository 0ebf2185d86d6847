using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using FlexGen.Dataflow;

namespace FlexGen.Worker.JsonLines;

/// <summary>Maps each line of a JSON-lines file to one of another, in order. A bad line becomes an error line.</summary>
/// <param name="input">File to read, one JSON object a line; blank lines are skipped.</param>
/// <param name="output">File to write.</param>
/// <param name="window">Lines in work at once.</param>
internal sealed class JsonLinesJob(string input, string output, int window)
{
    private static readonly JsonWriterOptions writing = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly Encoding utf8 =
        Encoding.GetEncoding(Encoding.UTF8.CodePage, EncoderFallback.ExceptionFallback, new DecoderReplacementFallback($"{InputLine.NoText}"));

    /// <summary>Lines that were mapped.</summary>
    public int Records { get; private set; }

    /// <summary>Lines that were bad.</summary>
    public int Errors { get; private set; }

    /// <param name="map">
    /// Returns what writes the output line's keys after its id. What it throws itself is the line's, whatever it is; so is a <see cref="RecordException"/>
    /// with which its task fails. Other failures of the task are the generator's, and end the job.
    /// </param>
    /// <param name="onError">Called with the line's number and what is wrong with it.</param>
    public async Task RunAsync(Func<InputLine, Task<Action<Utf8JsonWriter>>> map, Func<int, string, Task> onError)
    {
        using var reader = new StreamReader(input, utf8);
        await using var stream = File.Create(output);
        var running = new Queue<Task<Line>>();
        for (var number = 1; await reader.ReadLineAsync() is { } text; number++)
        {
            if (string.IsNullOrWhiteSpace(text))
            {
                continue;
            }

            running.Enqueue(MapAsync(number, text, map));
            if (running.Count >= window)
            {
                await WriteAsync(stream, await running.Dequeue(), onError);
            }
        }

        while (running.TryDequeue(out var line))
        {
            await WriteAsync(stream, await line, onError);
        }
    }

    private static async Task<Line> MapAsync(int number, string text, Func<InputLine, Task<Action<Utf8JsonWriter>>> map)
    {
        JsonElement? id = null;
        Task<Action<Utf8JsonWriter>> mapped;
        try
        {
            var line = InputLine.Parse(text);
            id = line.Id;
            mapped = map(line);
        }
        catch (Exception e) when (RecordException.IsOfRecord(e))
        {
            return new Line(number, id, null, Explain(e, "reading it"));
        }

        try
        {
            return new Line(number, id, await mapped, null);
        }
        catch (RecordException e)
        {
            return new Line(number, id, null, e.Message);
        }
    }

    private static string Explain(Exception e, string doing) => e is LineException ? e.Message : RecordException.Of(e, doing).Message;

    private async Task WriteAsync(FileStream stream, Line line, Func<int, string, Task> onError)
    {
        // A line that fails half-way leaves nothing behind.
        var bytes = new ArrayBufferWriter<byte>();
        if (line.Write is { } write)
        {
            try
            {
                Write(bytes, line.Id, write);
                Records++;
            }
            // The disk's failures are no line's.
            catch (Exception e) when (RecordException.IsOfRecord(e) && e is not IOException)
            {
                line = line with { Write = null, Error = Explain(e, "writing its result") };
                bytes.Clear();
            }
        }

        if (line.Error is { } error)
        {
            Errors++;
            await onError(line.Number, error);
            Write(bytes, line.Id, json => json.WriteString("error", $"line {line.Number}: {error}"));
        }

        bytes.Write("\n"u8);
        await stream.WriteAsync(bytes.WrittenMemory);
    }

    private static void Write(ArrayBufferWriter<byte> bytes, JsonElement? id, Action<Utf8JsonWriter> write)
    {
        using var json = new Utf8JsonWriter(bytes, writing);
        json.WriteStartObject();
        json.WritePropertyName("id");
        if (id is { } given)
        {
            given.WriteTo(json);
        }
        else
        {
            json.WriteNullValue();
        }

        write(json);
        json.WriteEndObject();
    }

    private sealed record Line(int Number, JsonElement? Id, Action<Utf8JsonWriter>? Write, string? Error);
}
