using System.Text.Json;

namespace FlexGen.Tokenizers;

/// <summary>What a chat template is given beside the messages.</summary>
public sealed record ChatSettings
{
    /// <summary>Whether the text ends where the assistant is to go on.</summary>
    public bool AddGenerationPrompt { get; init; } = true;

    /// <summary>Which of several templates; null: the one for tools where there are tools and it is there, else the default one.</summary>
    public string? TemplateName { get; init; }

    /// <summary>A list of the tools that the model may call, as JSON schemas; null: none.</summary>
    public JsonElement? Tools { get; init; }

    /// <summary>Further variables of the template by name, such as <c>enable_thinking</c>. They are their author's, not a record's.</summary>
    public IReadOnlyDictionary<string, JsonElement> Arguments { get; init; } = new Dictionary<string, JsonElement>();

    /// <summary>Where a template has the date from.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}
