using System.Text;

namespace FlexGen.Tokenizers.Decoding;

/// <summary>tokenizer.json's chain of Replace, ByteFallback, Fuse and Strip: a run of byte tokens is text if all of it
/// is UTF-8, and one U+FFFD for each byte otherwise, so it is known only when the run ends.</summary>
internal sealed class FallbackDecoder(FallbackDecoding decoding) : IncrementalDecoder
{
    private static readonly UTF8Encoding strictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
    private readonly List<byte> run = [];
    private int toStrip = decoding.StripStart;

    public override bool HidesFirstSpace => decoding is { StripStart: > 0, Strip: ' ' };

    public override string Append(int id)
    {
        if (decoding.ByteOf(id) is { } value)
        {
            run.Add(value);
            return "";
        }

        return decoding.TextOf(id) is { } text ? Stripped(EndRun() + text) : "";
    }

    public override byte[]? BytesOf(int id) =>
        decoding.ByteOf(id) is { } value ? [value] : decoding.TextOf(id) is { Length: > 0 } text ? Encoding.UTF8.GetBytes(text) : null;

    public override string Flush() => Stripped(EndRun());

    private string EndRun()
    {
        if (run.Count == 0)
        {
            return "";
        }

        var bytes = run.ToArray();
        run.Clear();
        try
        {
            return strictUtf8.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            return new string('\uFFFD', bytes.Length);
        }
    }

    private string Stripped(string text)
    {
        var start = 0;
        while (toStrip > 0 && start < text.Length)
        {
            toStrip = text[start] == decoding.Strip ? toStrip - 1 : 0;
            start += text[start] == decoding.Strip ? 1 : 0;
        }

        return text[start..];
    }
}
