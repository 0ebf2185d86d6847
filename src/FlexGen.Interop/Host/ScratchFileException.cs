namespace FlexGen.Interop;

/// <summary>A scratch file cannot be had in its folder. The message says why, and of what kind the folder should be.</summary>
public sealed class ScratchFileException(string message, Exception? inner = null) : IOException(message, inner);
