namespace FlexGen.Worker.Configuration;

/// <summary>The command line or the pipeline file is wrong: exit code 2.</summary>
internal sealed class UsageException(string message) : Exception(message);
