namespace FlexGen.Testing.Soak;

/// <summary>What the soak does to workers and brokers.</summary>
internal enum FaultKind
{
    /// <summary>SIGKILL; another starts in its place.</summary>
    KillWorker,

    /// <summary>SIGTERM; it must drain and exit with 0, and another starts in its place.</summary>
    TerminateWorker,

    /// <summary>One worker more than there are; where there is one more already, that one is terminated.</summary>
    StartWorker,

    /// <summary>SIGSTOP past the session timeout, then SIGCONT: it comes back believing that it still owns its partitions.</summary>
    SuspendWorker,

    /// <summary>SIGKILL, and back after a while.</summary>
    KillNode,

    /// <summary>SIGTERM, and back after a while.</summary>
    StopNode,
}
