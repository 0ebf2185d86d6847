namespace FlexGen.Worker.Configuration;

/// <summary>The command line or the pipeline file is wrong: exit code 2.</summary>
/// <param name="lines">What is wrong; a line break within one of them is a value's.</param>
internal sealed class UsageException(params IReadOnlyList<string> lines) : Exception(string.Join(Environment.NewLine + "  ", lines))
{
    public IReadOnlyList<string> Lines { get; } = lines;
}
