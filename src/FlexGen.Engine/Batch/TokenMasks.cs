using System.Numerics;
using FlexGen.Engine.Tensors;
using FlexGen.Interop;
using static TorchSharp.torch;

namespace FlexGen.Engine.Batch;

/// <summary>
/// Which tokens the rules of a micro-batch's sequences allow next, as bits, a row for each slot. A row is filled by a thread of the runtime's while the
/// device computes the logits that it is for; where it was not, whoever needs it fills it.
/// </summary>
/// <param name="slots">Rows.</param>
/// <param name="vocabulary">Tokens.</param>
/// <param name="longest">Most tokens a slot holds.</param>
/// <param name="pinned">Whether a GPU copies them.</param>
internal sealed unsafe class TokenMasks(int slots, int vocabulary, int longest, bool pinned) : IDisposable
{
    /// <summary>Stand in the place of the one token that is allowed.</summary>
    public const int Several = -1, None = -2;

    private const int WordBits = 32;
    private readonly int words = (vocabulary + WordBits - 1) / WordBits;
    private readonly Lazy<int>?[] filled = new Lazy<int>?[slots];
    private List<Lazy<int>> waiting = [];
    private HostMemory? memory;
    private Tensor? bitsOfAByte;
    private Tensor? onGpu;
    private CudaStream? copies;

    /// <summary>Has a slot's row filled for the next token of its sequence, from <see cref="Start"/> on.</summary>
    public void Begin(int slot, Sequence sequence)
    {
        // Most runs have no rules.
        memory ??= new((long)slots * words * sizeof(uint), pinned);
        waiting.Add(filled[slot] = new(() => Fill(slot, sequence)));
    }

    /// <summary>
    /// Has the runtime's threads fill the rows that were begun. Called once the device has something to do: to wake a thread takes longer than to fill a row.
    /// </summary>
    public void Start()
    {
        if (waiting.Count == 0)
        {
            return;
        }

        var (rows, next) = (waiting, 0);
        waiting = [];
        for (var n = Math.Min(rows.Count, Environment.ProcessorCount); n > 0; n--)
        {
            ThreadPool.UnsafeQueueUserWorkItem(
                _ =>
                {
                    for (var row = Interlocked.Increment(ref next) - 1; row < rows.Count; row = Interlocked.Increment(ref next) - 1)
                    {
                        Finish(rows[row]);
                    }
                },
                null);
        }
    }

    /// <summary>The one token that a slot's sequence may have next, <see cref="Several"/> or <see cref="None"/>; null where it has no rule.</summary>
    public int? Only(int slot) => filled[slot]?.Value;

    /// <summary>A slot's row, empty where its sequence has no rule.</summary>
    public ReadOnlySpan<uint> Row(int slot) => filled[slot] is null ? [] : Words(slot);

    /// <summary>A slot has another sequence, or none.</summary>
    public void Clear(int slot) => filled[slot] = null;

    /// <summary>The rows, [slots, bytes], in host memory.</summary>
    public Tensor Bits() => Tensor.UnsafeCreateTensor(TensorFromMemory.Create(memory!.Address, [slots, words * sizeof(uint)], (int)ScalarType.Byte, null));

    /// <summary>
    /// Copies the rows to the current GPU, beside what that computes: they are there for what its stream is given next. To be waited for before a row changes.
    /// </summary>
    /// <returns>Their address there.</returns>
    public IntPtr Upload(Device device)
    {
        using var there = new CudaEvent();
        if (copies is null)
        {
            copies = new();
            onGpu = empty([memory!.Bytes], ScalarType.Byte, device).DetachFromDisposeScope();
            // The memory may have been another tensor's, which the stream before still uses.
            CudaStream.Current.Record(there);
            copies.Wait(there);
        }

        copies.CopyToDevice(onGpu!.Address(), memory!.Address, memory.Bytes);
        copies.Record(there);
        CudaStream.Current.Wait(there);
        return onGpu!.Address();
    }

    /// <summary>The 8 bits of a byte, one each.</summary>
    public Tensor BitsOfAByte() =>
        bitsOfAByte ??= tensor([.. Enumerable.Range(0, 8).Select(n => (byte)(1 << n))], dtype: ScalarType.Byte).DetachFromDisposeScope();

    public void Dispose()
    {
        Array.ForEach(filled, Finish);
        bitsOfAByte?.Dispose();
        copies?.Dispose();
        onGpu?.Dispose();
        memory?.Dispose();
    }

    private static void Finish(Lazy<int>? filling)
    {
        try
        {
            _ = filling?.Value;
        }
        catch (OutOfMemoryException)
        {
            // Whoever needs it is told.
        }
    }

    private Span<uint> Words(int slot) => new((uint*)memory!.Address + ((long)slot * words), words);

    private int Fill(int slot, Sequence sequence)
    {
        var mask = Words(slot);
        sequence.FillMask(mask, longest);
        mask[^1] &= uint.MaxValue >> ((words * WordBits) - vocabulary);
        var first = mask.IndexOfAnyExcept(0u);
        return first < 0 ? None
            : BitOperations.IsPow2(mask[first]) && !mask[(first + 1)..].ContainsAnyExcept(0u)
            ? (first * WordBits) + BitOperations.TrailingZeroCount(mask[first])
            : Several;
    }
}
