using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Threading.Channels;
using FlexGen.Dataflow;

namespace FlexGen.Worker.JsonLines;

/// <summary>Maps each line of a JSON-lines file to one of another. A bad line becomes an error line.</summary>
/// <param name="input">File to read, one JSON object a line; blank lines are skipped.</param>
/// <param name="output">File to write.</param>
/// <param name="window">Lines in work at once.</param>
/// <param name="errors">File to write error lines to; null: the output.</param>
/// <param name="format">What lines look like; null: plain ones.</param>
internal sealed class JsonLinesJob(string input, string output, int window, string? errors = null, ILineFormat? format = null)
{
    private static readonly JsonWriterOptions writing = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly Encoding utf8 =
        Encoding.GetEncoding(Encoding.UTF8.CodePage, EncoderFallback.ExceptionFallback, new DecoderReplacementFallback($"{InputLine.NoText}"));

    private readonly ILineFormat format = format ?? new PlainLines();

    /// <summary>Lines that were mapped.</summary>
    public int Records { get; private set; }

    /// <summary>Lines that were bad.</summary>
    public int Errors { get; private set; }

    /// <summary>Lines that earlier runs have answered.</summary>
    public int AlreadyDone { get; private set; }

    /// <param name="map">
    /// Returns what writes the output line's keys after its id. What it throws itself is the line's, whatever it is; so is a <see cref="RecordException"/>
    /// with which its task fails. Other failures of the task are the generator's, and end the job.
    /// </param>
    /// <param name="onError">Called with the line's number and what is wrong with it.</param>
    public async Task RunAsync(Func<InputLine, Task<Action<Utf8JsonWriter>>> map, Func<int, string, Task> onError)
    {
        using var reader = new StreamReader(input, utf8);
        await using var results = Open(output);
        await using var failures = errors is null ? null : Open(errors);
        var finished = Channel.CreateUnbounded<Task<Line?>>();
        var running = 0;
        for (var number = 1; await reader.ReadLineAsync() is { } text; number++)
        {
            if (string.IsNullOrWhiteSpace(text))
            {
                continue;
            }

            running++;
            Pass(MapAsync(number, text, map), finished.Writer);
            while (running >= window || (running > 0 && !format.IsOrdered && finished.Reader.Count > 0))
            {
                await WriteNextAsync();
            }
        }

        while (running > 0)
        {
            await WriteNextAsync();
        }

        async Task WriteNextAsync()
        {
            running--;
            if (await await finished.Reader.ReadAsync() is { } line)
            {
                await WriteAsync(results, failures ?? results, line, onError);
            }
            else
            {
                AlreadyDone++;
            }
        }
    }

    private FileStream Open(string path) => format.IsOrdered ? File.Create(path) : LineFile.Append(path);

    private void Pass(Task<Line?> line, ChannelWriter<Task<Line?>> finished)
    {
        if (format.IsOrdered)
        {
            finished.TryWrite(line);
        }
        else
        {
            line.ContinueWith(line => finished.TryWrite(line), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }
    }

    /// <summary>What becomes of a line; null where that was written by an earlier run.</summary>
    private async Task<Line?> MapAsync(int number, string text, Func<InputLine, Task<Action<Utf8JsonWriter>>> map)
    {
        JsonElement? id = null;
        Task<Action<Utf8JsonWriter>> mapped;
        try
        {
            var line = format.Parse(number, text);
            id = line.Id;
            if (format.IsDone(number, id))
            {
                return null;
            }

            mapped = map(line);
        }
        catch (Exception e) when (RecordException.IsOfRecord(e))
        {
            return id is null && format.IsDone(number, id) ? null : Failed(number, id, e, "reading it");
        }

        try
        {
            return new Line(number, id, await mapped, null, null);
        }
        catch (RecordException e)
        {
            return Failed(number, id, e, "");
        }
    }

    private static Line Failed(int number, JsonElement? id, Exception e, string doing)
    {
        var failed = e is LineException ? null : RecordException.Of(e, doing);
        return new Line(number, id, null, failed?.Reason ?? LineException.Code, failed?.Message ?? e.Message);
    }

    private async Task WriteAsync(FileStream results, FileStream failures, Line line, Func<int, string, Task> onError)
    {
        // A line that fails half-way leaves nothing behind.
        var bytes = new ArrayBufferWriter<byte>();
        if (line.Write is { } write)
        {
            try
            {
                Write(bytes, json => format.WriteResult(json, line.Number, line.Id, write));
                Records++;
            }
            // The disk's failures are no line's.
            catch (Exception e) when (RecordException.IsOfRecord(e) && e is not IOException)
            {
                line = Failed(line.Number, line.Id, e, "writing its result");
                bytes.Clear();
            }
        }

        if (line.Error is { } error)
        {
            Errors++;
            await onError(line.Number, error);
            Write(bytes, json => format.WriteError(json, line.Number, line.Id, line.Code!, error));
        }

        bytes.Write("\n"u8);
        await (line.Error is null ? results : failures).WriteAsync(bytes.WrittenMemory);
    }

    private static void Write(ArrayBufferWriter<byte> bytes, Action<Utf8JsonWriter> write)
    {
        using var json = new Utf8JsonWriter(bytes, writing);
        json.WriteStartObject();
        write(json);
        json.WriteEndObject();
    }

    private sealed record Line(int Number, JsonElement? Id, Action<Utf8JsonWriter>? Write, string? Code, string? Error);
}
