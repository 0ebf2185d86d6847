namespace FlexGen.Engine;

/// <summary>A model folder that cannot be run. The message names the file, and the tensor or key where it is about one.</summary>
public sealed class CheckpointException(string message, Exception? inner = null) : Exception(message, inner);
