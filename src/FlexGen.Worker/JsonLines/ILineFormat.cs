using System.Text.Json;

namespace FlexGen.Worker.JsonLines;

/// <summary>What lines in and out look like.</summary>
internal interface ILineFormat
{
    /// <summary>Whether lines out come in the order of those in, rather than as they finish.</summary>
    bool IsOrdered { get; }

    /// <summary>Reads the next line.</summary>
    /// <exception cref="LineException">It is no request.</exception>
    InputLine Parse(int number, string text);

    /// <summary>Whether a line was answered by an earlier run.</summary>
    /// <param name="number">Which it is.</param>
    /// <param name="id">What it is known by; null where it says nothing of that, or what another has said.</param>
    bool IsDone(int number, JsonElement? id);

    /// <summary>Writes an answer's keys.</summary>
    /// <param name="json">In an object.</param>
    /// <param name="number">The line's.</param>
    /// <param name="id">The line's.</param>
    /// <param name="write">Writes what the answer is.</param>
    void WriteResult(Utf8JsonWriter json, int number, JsonElement? id, Action<Utf8JsonWriter> write);

    /// <summary>Writes the keys of a line without an answer.</summary>
    /// <param name="json">In an object.</param>
    /// <param name="number">The line's.</param>
    /// <param name="id">The line's.</param>
    /// <param name="code">A short stable code for what is wrong.</param>
    /// <param name="message">What is wrong.</param>
    void WriteError(Utf8JsonWriter json, int number, JsonElement? id, string code, string message);
}
