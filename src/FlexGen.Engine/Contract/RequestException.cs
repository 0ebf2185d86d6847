using static TorchSharp.torch;

namespace FlexGen.Engine;

/// <summary>One request cannot be generated from. The engine goes on with the others.</summary>
/// <param name="reason">A short stable code, such as <c>prompt_too_long</c>.</param>
/// <param name="message">What was found, what was expected and what to change.</param>
/// <param name="inner">What the request's own code threw.</param>
public sealed class RequestException(string reason, string message, Exception? inner = null) : Exception(message, inner)
{
    public string Reason { get; } = reason;

    internal static RequestException LogitsNotFinite(ScalarType type) => new("logits_not_finite", type == ScalarType.Float16
        ? "Its logits are not numbers: the model overflowed in Float16. It may have room in bfloat16 or float32."
        : $"Its logits are not numbers, computed in {type}. Check the checkpoint's weights.");

    internal static RequestException NothingAllowed(int generated) => new(
        "no_token_allowed", $"Its token rule leaves no token of this model's vocabulary that could come next, after {generated} generated ones.");

    internal static RequestException RuleFailed(Exception e) => new("token_rule_failed", $"Its token rule failed: {e.Message}", e);
}
