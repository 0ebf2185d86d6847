using FlexGen.Files;

namespace FlexGen.Tokenizers.Loading;

/// <summary>Reads a file of a tokenizer whole.</summary>
internal static class TokenizerFile
{
    /// <summary>That of Gemma 3 has 33 MB.</summary>
    private const int LargestFile = 256 << 20;

    /// <exception cref="TokenizerException">It cannot be read, or is larger than any tokenizer's.</exception>
    public static byte[] Read(string file)
    {
        try
        {
            return RegularFile.ReadAll(file, LargestFile);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new TokenizerException($"{file}: cannot be read: {exception.Message}. Copy the file again from the checkpoint.", exception);
        }
    }
}
