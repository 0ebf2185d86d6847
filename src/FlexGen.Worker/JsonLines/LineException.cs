namespace FlexGen.Worker.JsonLines;

/// <summary>One line of the input is wrong; the lines around it go on.</summary>
internal sealed class LineException(string message) : Exception(message)
{
    /// <summary>A short stable code for it.</summary>
    public const string Code = "invalid_request";
}
