namespace FlexGen.Tokenizers.Chat.Running;

/// <summary>What follows a statement: the next one, the end of the loop, or its next turn.</summary>
internal enum Flow
{
    Next,
    Break,
    Continue,
}
