namespace FlexGen.Dataflow;

/// <summary>A prompt ready to generate from; <paramref name="TokenIds"/> is empty where the generator has no tokenizer.</summary>
public sealed record TokenizedPrompt(string Text, int[] TokenIds);
