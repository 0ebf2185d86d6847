using FlexGen.Interop;
using static TorchSharp.torch;

namespace FlexGen.Engine.Kernels.Host;

/// <summary>The threads that compute in host memory, beside libtorch's own: attention, products, and the drawing of tokens.</summary>
internal static class HostThreads
{
    /// <summary>
    /// Not the runtime's threads, which come one after another and late when there is suddenly work for all of them. With many cores some
    /// are left to those that issue and copy. To wake a thread takes as long as a small job does, so they look for work a while before they sleep.
    /// Beside a GPU that is longer: what comes next comes when the GPU is done with something.
    /// </summary>
    public static ThreadTeam Team { get; } = new(
        "compute", Math.Max(0, Environment.ProcessorCount - (Environment.ProcessorCount / 8) - 1),
        TimeSpan.FromMicroseconds(cuda.is_available() ? 200 : 100), callerHelps: true);

    /// <summary>Calls the action for 0 to items - 1: on the team, or on the calling thread alone where there is too little to do.</summary>
    public static void Run(bool isWorthIt, int items, Action<int> action)
    {
        if (isWorthIt)
        {
            Team.Run(items, action);
            return;
        }

        for (var item = 0; item < items; item++)
        {
            action(item);
        }
    }
}
