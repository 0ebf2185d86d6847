namespace FlexGen.Engine;

/// <summary>One request cannot be generated from. The engine goes on with the others.</summary>
/// <param name="reason">A short stable code, such as <c>prompt_too_long</c>.</param>
/// <param name="message">What was found, what was expected and what to change.</param>
/// <param name="inner">What the request's own code threw.</param>
public sealed class RequestException(string reason, string message, Exception? inner = null) : Exception(message, inner)
{
    public string Reason { get; } = reason;
}
