namespace FlexGen.Tokenizers.Chat.Running;

/// <summary>What can be called.</summary>
internal sealed record Function(string Name, Func<CallArguments, object> Call);
