namespace FlexGen.Interop;

/// <summary>
/// Work of the compute stream that was recorded once, to be given to the device again and again by one call. It reads and writes the same
/// memory each time, which must be kept.
/// </summary>
public sealed class CudaGraph : IDisposable
{
    private const int Relaxed = 2;

    /// <summary>For as long as the process lives: libtorch keeps memory and workspaces by the stream that they were first used on.</summary>
    private static readonly Dictionary<int, CudaStream> streams = [];

    private readonly IntPtr executable;

    private CudaGraph(IntPtr executable) => this.executable = executable;

    /// <summary>Executes some work of the compute stream once, and then records it without executing it.</summary>
    /// <param name="gpu">The device's index.</param>
    /// <param name="work">Called twice: a first time for what libraries set up when they are first used. It must not wait for the device.</param>
    /// <exception cref="InvalidOperationException">The work cannot be recorded.</exception>
    public static CudaGraph Capture(int gpu, Action work)
    {
        lock (CudaDriver.Recording)
        {
            if (!streams.TryGetValue(gpu, out var stream))
            {
                streams.Add(gpu, stream = new());
            }

            var executable = IntPtr.Zero;
            stream.Compute(gpu, () =>
            {
                work();
                executable = Record(stream.Handle, work);
            });
            return new(executable);
        }
    }

    /// <summary>Puts the work into the compute stream.</summary>
    public void Launch() => CudaDriver.Check(CudaDriver.GraphLaunch(executable, CudaStream.Current.Handle), "cuGraphLaunch");

    public void Dispose() => _ = CudaDriver.GraphExecDestroy(executable);

    private static IntPtr Record(IntPtr stream, Action work)
    {
        CudaDriver.Check(CudaDriver.StreamBeginCapture(stream, Relaxed), "cuStreamBeginCapture");
        var (ended, graph) = (0, IntPtr.Zero);
        try
        {
            try
            {
                work();
            }
            finally
            {
                ended = CudaDriver.StreamEndCapture(stream, out graph);
            }

            CudaDriver.Check(ended, "cuStreamEndCapture");
            CudaDriver.Check(CudaDriver.GraphInstantiate(out var executable, graph, 0), "cuGraphInstantiate");
            return executable;
        }
        finally
        {
            _ = graph == IntPtr.Zero ? 0 : CudaDriver.GraphDestroy(graph);
        }
    }
}
