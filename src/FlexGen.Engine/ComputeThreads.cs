using static TorchSharp.torch;

namespace FlexGen.Engine;

/// <summary>How many threads libtorch computes with.</summary>
internal static class ComputeThreads
{
    private static readonly string[] variables = ["OMP_NUM_THREADS", "MKL_NUM_THREADS"];
    private static readonly Lazy<bool> betweenOperations = new(BoundBetweenOperations);

    /// <summary>
    /// Bounds them by the processors that this process may use, in this thread and in those that have not computed yet. libtorch counts the
    /// machine's: in a container with a quota of fewer its threads take turns, and each operation waits for all of them.
    /// </summary>
    /// <param name="processors">How many there are; the runtime's own count honours quotas and affinity.</param>
    /// <param name="variable">Reads an environment variable. Where one states the number of threads, it stands.</param>
    public static void Bound(int processors, Func<string, string?> variable)
    {
        if (Array.TrueForAll(variables, name => string.IsNullOrWhiteSpace(variable(name))))
        {
            // MKL's count, which is libtorch's, is of cores: fewer than there are processors where a core has two.
            set_num_threads(Math.Min(get_num_threads(), processors));
            _ = betweenOperations.Value;
        }
    }

    /// <summary>Can be said once in a process, before the first such thread: nothing here uses them, so later does not matter.</summary>
    private static bool BoundBetweenOperations()
    {
        try
        {
            set_num_interop_threads(Environment.ProcessorCount);
            return true;
        }
        catch (System.Runtime.InteropServices.ExternalException)
        {
            return false;
        }
    }
}
