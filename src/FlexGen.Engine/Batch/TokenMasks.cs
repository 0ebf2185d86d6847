using System.Numerics;
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
    private HostMemory? memory;
    private Tensor? bitsOfAByte;

    /// <summary>Has a slot's row filled for the next token of its sequence.</summary>
    public void Begin(int slot, Sequence sequence)
    {
        // Most runs have no rules.
        memory ??= new((long)slots * words * sizeof(uint), pinned);
        var filling = new Lazy<int>(() => Fill(slot, sequence));
        filled[slot] = filling;
        ThreadPool.UnsafeQueueUserWorkItem(Finish, filling, preferLocal: false);
    }

    /// <summary>The one token that a slot's sequence may have next, <see cref="Several"/> or <see cref="None"/>; null where it has no rule.</summary>
    public int? Only(int slot) => filled[slot]?.Value;

    /// <summary>A slot's row, empty where its sequence has no rule.</summary>
    public ReadOnlySpan<uint> Row(int slot) => filled[slot] is null ? [] : Words(slot);

    /// <summary>A slot has another sequence, or none.</summary>
    public void Clear(int slot) => filled[slot] = null;

    /// <summary>The rows, [slots, bytes], in host memory.</summary>
    public Tensor Bits() => Tensor.UnsafeCreateTensor(TensorFromMemory.Create(memory!.Address, [slots, words * sizeof(uint)], (int)ScalarType.Byte, null));

    /// <summary>The 8 bits of a byte, one each, on the device that expands rows.</summary>
    public Tensor BitsOfAByte(Device device) =>
        bitsOfAByte ??= tensor([.. Enumerable.Range(0, 8).Select(n => (byte)(1 << n))], dtype: ScalarType.Byte).to(device).DetachFromDisposeScope();

    public void Dispose()
    {
        Array.ForEach(filled, Finish);
        bitsOfAByte?.Dispose();
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
