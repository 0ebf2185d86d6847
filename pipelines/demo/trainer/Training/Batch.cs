namespace FlexGen.Demo.Training;

/// <summary>Sequences of tokens, right-padded to one length, and where the loss is taken.</summary>
/// <param name="Sequences">How many.</param>
/// <param name="Tokens">[sequences * length].</param>
/// <param name="Rows">Places in <paramref name="Tokens"/> after which the model is to say the next token: those before a completion's.</param>
/// <param name="Targets">The tokens to say there.</param>
internal sealed record Batch(int Sequences, long[] Tokens, long[] Rows, long[] Targets);
