namespace FlexGen.Demo.Data;

/// <summary>A short text and the JSON that is to be extracted from it.</summary>
internal readonly record struct DemoRecord(string Text, string Json)
{
    /// <summary>What the model is given: the template of pipelines/extract-demo.yaml, rendered.</summary>
    public string Prompt => $"Text: {Text}\nJSON:";

    /// <summary>What it is to answer, before the end-of-sequence token.</summary>
    public string Completion => $" {Json}";
}
