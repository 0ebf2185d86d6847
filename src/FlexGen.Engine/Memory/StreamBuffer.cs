using FlexGen.Interop;
using static TorchSharp.torch;

namespace FlexGen.Engine.Memory;

/// <summary>Memory into which a lane brings what rests elsewhere, one thing at a time, for those who use it there.</summary>
/// <typeparam name="T">What tells the things apart.</typeparam>
internal sealed class StreamBuffer<T> : IDisposable
    where T : struct, IEquatable<T>
{
    private readonly ComputeMemory memory;
    private readonly bool onGpu;
    private readonly Dictionary<(long Offset, IReadOnlyList<long> Shape), Tensor> views = [];
    private List<Transfer> arrivals = [];
    private List<Transfer> before = [];
    private CudaEvent? released;
    private Transfer? reader;

    public StreamBuffer(long bytes, Device device)
    {
        (memory, onGpu) = (new(bytes, device), ComputeMemory.Gpu(device) is not null);
        Release();
    }

    public IntPtr Address => memory.Address;

    /// <summary>What it holds, or will when it has arrived; null: nothing that is still used.</summary>
    public T? Holds { get; private set; }

    /// <summary>Bytes of it that were asked for so far.</summary>
    public long Asked { get; set; }

    /// <summary>The last copy that was asked for, which the lane makes after all others.</summary>
    public Transfer Arrival => arrivals[^1];

    /// <summary>Says what it will hold, in place of what it held.</summary>
    public void Assign(T what)
    {
        (Holds, Asked) = (what, 0);
        before.AddRange(arrivals);
        arrivals = [];
    }

    /// <summary>
    /// Asks for a copy into it, which is made once those who used what it held before are done: the compute device, or the reader in host
    /// memory, who may still wait for that to arrive.
    /// </summary>
    /// <param name="lane">What copies.</param>
    /// <param name="copy">As in <see cref="Lane.Start"/>.</param>
    /// <param name="at">Likewise.</param>
    public void Fill(Lane lane, Action<Copier> copy, (int Layer, int Index) at)
    {
        var (earlier, last) = (before, reader);
        (before, reader) = ([], null);
        arrivals.Add(lane.Start(
            copier =>
            {
                last?.WaitIssued();
                earlier.ForEach(e => e.Dispose());
                copy(copier);
            },
            released,
            at));
    }

    /// <summary>What the compute device does from now on waits for what was asked for.</summary>
    public void WaitOnCompute() => arrivals.ForEach(a => a.WaitOnCompute());

    /// <summary>The compute device, or the reader in host memory, has been given all it does with it.</summary>
    public void Release(Transfer? to = null)
    {
        (Holds, reader) = (null, to);
        if (onGpu)
        {
            // The first time this is what the allocator had its memory for.
            released ??= new();
            CudaStream.Current.Record(released);
        }
    }

    /// <summary>A tensor over part of it, the buffer's to free; the same one for the same offset and shape.</summary>
    public Tensor View(long offset, IReadOnlyList<long> shape, ScalarType type)
    {
        if (!views.TryGetValue((offset, shape), out var view))
        {
            views.Add((offset, shape), view = memory.View(offset, [.. shape], type));
        }

        return view;
    }

    public void Dispose()
    {
        before.ForEach(b => b.Dispose());
        arrivals.ForEach(a => a.Dispose());
        released?.Dispose();
        foreach (var view in views.Values)
        {
            view.Dispose();
        }

        memory.Dispose();
    }
}
