using System.Text.Json;

namespace FlexGen.Tokenizers.Loading;

/// <summary>A typed component of a tokenizer.json, such as a decoder, and where it stands.</summary>
internal readonly record struct Component(string File, string Role, JsonElement Body)
{
    public const string Families =
        "OPT, GPT-2, Galactica, Llama 2 and 3, Mistral, Qwen 2, 2.5 and 3, Gemma 3, DeepSeek V3, GPT-4o, gpt-oss and Mistral Nemo, or any with a tokenizer of "
        + "theirs";

    public string Type => Body.Text("type") ?? "no type";

    /// <summary>The component itself, or the members of a Sequence, one after the other.</summary>
    public IEnumerable<Component> Flatten(string members)
    {
        var component = this;
        return Type == "Sequence"
            ? Body.Items(members).SelectMany(body => (component with { Body = body }).Flatten(members))
            : [this];
    }

    /// <summary>An error that names what is not supported here.</summary>
    public TokenizerException Unsupported(string supported) => Unsupported(Type, supported);

    public TokenizerException Unsupported(string found, string supported) => TokenizerException.Unsupported(
        File, $"the {Role} {found}", supported, "Use a checkpoint of a family that is supported: " + Families + ".");
}
