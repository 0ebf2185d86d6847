using System.Text.Json;
using FlexGen.Engine;
using FlexGen.Worker.Generation;

namespace FlexGen.Worker.OpenAi;

/// <summary>Writes the body of an answer.</summary>
/// <param name="model">What the model is called.</param>
/// <param name="time">When answers are made.</param>
/// <param name="textOf">The text of a token.</param>
internal sealed class ResponseBody(string model, TimeProvider time, Func<int, byte[]?> textOf)
{
    /// <param name="json">In the body's object.</param>
    /// <param name="isChat">Whether it answers messages.</param>
    /// <param name="name">The answer's own part of its id.</param>
    /// <param name="promptTokens">How many there were.</param>
    /// <param name="generated">What was generated.</param>
    public void Write(Utf8JsonWriter json, bool isChat, string name, int promptTokens, GeneratedText generated)
    {
        json.WriteString("id", isChat ? $"chatcmpl-{name}" : $"cmpl-{name}");
        json.WriteString("object", isChat ? "chat.completion" : "text_completion");
        json.WriteNumber("created", time.GetUtcNow().ToUnixTimeSeconds());
        json.WriteString("model", model);
        json.WriteStartArray("choices");
        json.WriteStartObject();
        json.WriteNumber("index", 0);
        if (isChat)
        {
            json.WriteStartObject("message");
            json.WriteString("role", "assistant");
            json.WriteString("content", generated.Text);
            json.WriteNull("refusal");
            if (generated.Reasoning is { } reasoning)
            {
                json.WriteString("reasoning_content", reasoning);
            }

            json.WriteEndObject();
        }
        else
        {
            json.WriteString("text", generated.Text);
        }

        WriteLogProbabilities(json, isChat, generated);
        json.WriteString("finish_reason", generated.FinishReasonName);
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteStartObject("usage");
        json.WriteNumber("prompt_tokens", promptTokens);
        json.WriteNumber("completion_tokens", generated.TokenIds.Count);
        json.WriteNumber("total_tokens", promptTokens + generated.TokenIds.Count);
        json.WriteEndObject();
    }

    private void WriteLogProbabilities(Utf8JsonWriter json, bool isChat, GeneratedText generated)
    {
        if (generated.LogProbabilities is not { } all)
        {
            json.WriteNull("logprobs");
        }
        else if (isChat)
        {
            WriteContent(json, generated.TokenIds, all);
        }
        else
        {
            WriteLists(json, generated.TokenIds, all);
        }
    }

    private void WriteContent(Utf8JsonWriter json, IReadOnlyList<int> tokens, IReadOnlyList<TokenLogProbabilities> all)
    {
        json.WriteStartObject("logprobs");
        json.WriteStartArray("content");
        foreach (var (token, probabilities) in tokens.Zip(all))
        {
            json.WriteStartObject();
            WriteToken(json, token, probabilities.Chosen);
            json.WriteStartArray("top_logprobs");
            foreach (var (likely, probability) in probabilities.Top)
            {
                json.WriteStartObject();
                WriteToken(json, likely, probability);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteNull("refusal");
        json.WriteEndObject();
    }

    private void WriteLists(Utf8JsonWriter json, IReadOnlyList<int> tokens, IReadOnlyList<TokenLogProbabilities> all)
    {
        json.WriteStartObject("logprobs");
        json.WriteStartArray("tokens");
        foreach (var token in tokens)
        {
            json.WriteStringValue(Text(token));
        }

        json.WriteEndArray();
        json.WriteStartArray("token_logprobs");
        foreach (var probabilities in all)
        {
            json.WriteNumberValue(probabilities.Chosen);
        }

        json.WriteEndArray();
        json.WriteStartArray("top_logprobs");
        foreach (var probabilities in all)
        {
            json.WriteStartObject();
            // Two tokens may have one text; the likelier one's probability is told.
            foreach (var (likely, probability) in probabilities.Top.DistinctBy(top => Text(top.Token)))
            {
                json.WriteNumber(Text(likely), probability);
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("text_offset");
        var offset = 0;
        foreach (var token in tokens)
        {
            json.WriteNumberValue(offset);
            offset += Text(token).Length;
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private void WriteToken(Utf8JsonWriter json, int token, double probability)
    {
        json.WriteString("token", Text(token));
        // JSON has no number for what is impossible.
        json.WriteNumber("logprob", Math.Max(probability, -9999));
        json.WriteStartArray("bytes");
        foreach (var value in textOf(token) ?? [])
        {
            json.WriteNumberValue(value);
        }

        json.WriteEndArray();
    }

    /// <summary>A token's text; part of a character is U+FFFD.</summary>
    private string Text(int token) => System.Text.Encoding.UTF8.GetString(textOf(token) ?? []);
}
