using System.Text.Json;

namespace FlexGen.Worker.JsonLines;

/// <summary>Lines with an <c>id</c> that comes back first; what is wrong with one is its <c>error</c>.</summary>
internal sealed class PlainLines : ILineFormat
{
    public bool IsOrdered => true;

    public InputLine Parse(int number, string text) => InputLine.Parse(text);

    public bool IsDone(int number, JsonElement? id) => false;

    public void WriteResult(Utf8JsonWriter json, int number, JsonElement? id, Action<Utf8JsonWriter> write)
    {
        json.WriteId("id", id);
        write(json);
    }

    public void WriteError(Utf8JsonWriter json, int number, JsonElement? id, string code, string message) =>
        WriteResult(json, number, id, json => json.WriteString("error", $"line {number}: {message}"));
}
