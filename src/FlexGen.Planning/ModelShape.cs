namespace FlexGen.Planning;

/// <summary>The numbers of a model that memory and time follow from.</summary>
/// <param name="Name">The family, for messages.</param>
/// <param name="DecoderLayers">Layers with attention.</param>
/// <param name="HiddenSize">Width of the hidden states.</param>
/// <param name="Heads">Query heads.</param>
/// <param name="KvHeads">Key and value heads.</param>
/// <param name="HeadDim">Width of a head.</param>
/// <param name="VocabularySize">Rows of the head: the number of logits.</param>
/// <param name="ContextLength">Most tokens a sequence can have, prompt and output together.</param>
public sealed record ModelShape(
    string Name, int DecoderLayers, int HiddenSize, int Heads, int KvHeads, int HeadDim, int VocabularySize, int ContextLength);
