using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using FlexGen.Worker.Configuration;
using FlexGen.Worker.JsonLines;

namespace FlexGen.Worker.OpenAi;

/// <summary>
/// Lines of OpenAI's batch files. An answer bears the request's <c>custom_id</c>, by which a later run knows that it is there; what has none, or one that an
/// earlier line has, is known by its line's number. Its request_id has a hash of the request: where that has changed since, it is another one.
/// </summary>
internal sealed class BatchLines : ILineFormat
{
    private const string IdPrefix = "batch_req_";
    private static readonly JsonSerializerOptions deep = new() { MaxDepth = 1000 };
    private static readonly HashSet<string> keys = ["custom_id", "method", "url", "body"];
    private readonly Dictionary<string, int> lineOf = new(StringComparer.Ordinal);
    private readonly Dictionary<int, string> markOf = [];
    private readonly Dictionary<string, List<string?>> done = new(StringComparer.Ordinal);
    private readonly Dictionary<int, List<string?>> doneNumbers = [];

    /// <param name="written">The files of earlier runs.</param>
    /// <exception cref="UsageException">A file holds something else.</exception>
    public BatchLines(IEnumerable<string> written)
    {
        foreach (var path in written)
        {
            foreach (var (index, text) in LineFile.Read(path).Index())
            {
                Note(path, index + 1, text);
            }
        }
    }

    /// <summary>Answers of earlier runs that are errors.</summary>
    public int Failed { get; private set; }

    public bool IsOrdered => false;

    public InputLine Parse(int number, string text)
    {
        markOf[number] = Mark(text);
        var line = InputLine.Parse(text, "custom_id", isText: true);
        markOf[number] = Mark(JsonSerializer.Serialize(line.Object, deep));
        var id = line.Id.GetString()!;
        if (!lineOf.TryAdd(id, number))
        {
            throw new LineException($"its custom_id \"{id}\" is that of line {lineOf[id]}, too: give it one of its own.");
        }

        return line;
    }

    /// <summary>What a request asks, and where.</summary>
    /// <exception cref="LineException">It is no request of this format.</exception>
    public static (string Url, JsonElement Body) Request(InputLine line)
    {
        if (line.Object.EnumerateObject().FirstOrDefault(key => !keys.Contains(key.Name)) is { Value.ValueKind: not JsonValueKind.Undefined } odd)
        {
            throw new LineException($"\"{odd.Name}\" is not known. A request has {string.Join(", ", keys)}.");
        }

        if (line.Text("method") is not "POST" and var method)
        {
            throw new LineException($"\"method\" is {method}; expected POST.");
        }

        var url = line.Text("url");
        if (url is not (RequestBody.Chat or RequestBody.Completions))
        {
            throw new LineException($"\"url\" is {url}; expected {RequestBody.Chat} or {RequestBody.Completions}.");
        }

        return line.Find("body") is { ValueKind: JsonValueKind.Object } body ? (url, body) : throw new LineException("\"body\" must be an object.");
    }

    /// <inheritdoc/>
    /// <exception cref="LineException">An earlier run has answered another request of that id.</exception>
    public bool IsDone(int number, JsonElement? id)
    {
        var marks = id is { } given ? done.GetValueOrDefault(given.GetString()!) : doneNumbers.GetValueOrDefault(number);
        // Answers of earlier versions have none.
        var isDone = marks?.Exists(mark => mark is null || mark == markOf[number]) == true;
        return isDone || marks is null || id is null ? isDone : throw new LineException(
            $"its custom_id \"{id.Value.GetString()}\" has an answer of an earlier run, to another request: give it one of its own, or name another file for "
            + "answers.");
    }

    public void WriteResult(Utf8JsonWriter json, int number, JsonElement? id, Action<Utf8JsonWriter> write)
    {
        Begin(json, number, id, 200);
        write(json);
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteNull("error");
    }

    public void WriteError(Utf8JsonWriter json, int number, JsonElement? id, string code, string message)
    {
        var text = $"line {number}: {message}";
        Begin(json, number, id, code is LineException.Code ? 400 : 422);
        json.WriteStartObject("error");
        json.WriteString("message", text);
        json.WriteString("type", "invalid_request_error");
        json.WriteNull("param");
        json.WriteString("code", code);
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteStartObject("error");
        json.WriteString("code", code);
        json.WriteString("message", text);
        json.WriteEndObject();
    }

    private static string Mark(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 8));

    private void Begin(Utf8JsonWriter json, int number, JsonElement? id, int status)
    {
        json.WriteString("id", $"{IdPrefix}{number}");
        json.WriteId("custom_id", id);
        json.WriteStartObject("response");
        json.WriteNumber("status_code", status);
        json.WriteString("request_id", $"req_{number}_{markOf[number]}");
        json.WriteStartObject("body");
    }

    private static void Add<T>(Dictionary<T, List<string?>> done, T key, string? mark)
        where T : notnull
    {
        if (!done.TryGetValue(key, out var marks))
        {
            done[key] = marks = [];
        }

        marks.Add(mark);
    }

    private void Note(string path, int number, string text)
    {
        try
        {
            var line = JsonElement.Parse(text);
            var id = line.GetProperty("custom_id");
            var error = line.GetProperty("error");
            var mark = line.GetProperty("response").GetProperty("request_id").GetString()!.Split('_').ElementAtOrDefault(2);
            if (id.ValueKind == JsonValueKind.String)
            {
                Add(done, id.GetString()!, mark);
            }
            else
            {
                Add(doneNumbers, int.Parse(line.GetProperty("id").GetString()!.AsSpan(IdPrefix.Length), NumberStyles.None, CultureInfo.InvariantCulture), mark);
            }

            Failed += error.ValueKind == JsonValueKind.Null ? 0 : 1;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException or ArgumentException)
        {
            throw new UsageException($"{path} line {number} is no answer of a batch, which would go on behind it: name another file.");
        }
    }
}
