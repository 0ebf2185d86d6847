namespace FlexGen.Worker.Commands;

/// <summary>What the process tells its caller.</summary>
internal static class ExitCode
{
    /// <summary>Every record is in the output or the dead letter, or a signal asked for the stop and all that was finished is committed.</summary>
    public const int Success = 0;

    /// <summary>The work failed; one error says why.</summary>
    public const int Failure = 1;

    /// <summary>The command line, the pipeline file or its schema is wrong, or they do not go with the source's columns.</summary>
    public const int Usage = 2;
}
