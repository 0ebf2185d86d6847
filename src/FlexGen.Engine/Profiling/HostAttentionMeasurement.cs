using FlexGen.Engine.Kernels.Host;
using FlexGen.Interop;
using FlexGen.Planning.Formats;
using FlexGen.Planning.Hardware;
using static TorchSharp.torch;

namespace FlexGen.Engine.Profiling;

/// <summary>Decode attention by the processor, over a slab of keys and one of values in host memory.</summary>
internal sealed unsafe class HostAttentionMeasurement : IDisposable
{
    private const int GroupedHeads = AttentionRates.GroupedHeads;

    /// <summary>Calls of each of two threads, in what is timed.</summary>
    private const int AtOnce = 3;
    private readonly ProfileScale scale;
    private readonly ElementFormat format;
    private readonly ScalarType type;
    private readonly HostMemory keys;
    private readonly HostMemory values;
    private readonly HostMemory queries;
    private readonly HostMemory outputs;
    private readonly int slots;

    /// <param name="scale">How much is measured.</param>
    /// <param name="type">The computed type.</param>
    public HostAttentionMeasurement(ProfileScale scale, ScalarType type)
    {
        (this.scale, this.type, format) = (scale, type, DataTypes.Format(type));
        slots = scale.Sequences[^1];
        var bytes = format.Bytes((long)slots * ProfileScale.Tokens * ProfileScale.Heads * ProfileScale.HeadDim);
        (keys, values) = (Filled(bytes), Filled(bytes));
        var rowBytes = ElementFormat.F32.Bytes((long)slots * GroupedHeads * ProfileScale.Heads * ProfileScale.HeadDim);
        (queries, outputs) = (Filled(rowBytes), Filled(rowBytes));
    }

    /// <summary>Times by the cache's format.</summary>
    public Dictionary<string, AttentionRates> Measure(Timing timing) => new()
    {
        [format.Name] = new(Curve(timing, type, 1), Curve(timing, type, GroupedHeads)),
        ["int4"] = new(Curve(timing, ScalarType.Byte, 1), Curve(timing, ScalarType.Byte, GroupedHeads)),
    };

    /// <summary>A piece of traffic: all sequences attend. How many times it did.</summary>
    public double Attend()
    {
        Decode(type, 1, slots, 0);
        return 1;
    }

    public void Dispose()
    {
        keys.Dispose();
        values.Dispose();
        queries.Dispose();
        outputs.Dispose();
    }

    private Curve Curve(Timing timing, ScalarType kept, int group)
    {
        var rowBytes = RowBytes(kept, ProfileScale.Heads / group);
        return new([.. scale.Sequences.Select(n => n * group).Select(n => new CurvePoint(
            2.0 * n * ProfileScale.Tokens * rowBytes, timing.OnHost(turn => Decode(kept, group, n, turn))))]);
    }

    /// <summary>The part of a call's time that the next must wait, where two lanes take turns.</summary>
    public double MeasureInTurns(Timing timing)
    {
        // Each lane has a half of its own, as micro-batches have: what one has read is in no cache for the other.
        var half = scale.Sequences[^1] / 2;
        var (alone, inTurns) = (timing.OnHost(turn => Decode(type, 1, half, turn)), timing.OnHost(turn => InTurns(type, 1, half, turn)) / (2 * AtOnce));
        return Math.Clamp(inTurns / alone, 0.5, 1);
    }

    /// <summary>As the engine's two lanes have it: while one's last cores are at work, the other has work for the rest.</summary>
    private void InTurns(ScalarType kept, int group, int sequences, int turn)
    {
        var other = Task.Run(() => Several(1));
        Several(0);
        other.Wait();

        void Several(int lane)
        {
            for (var n = 0; n < AtOnce; n++)
            {
                Decode(kept, group, sequences, (((turn * AtOnce) + n) * 2) + lane);
            }
        }
    }

    private long RowBytes(ScalarType kept, int kvHeads) =>
        kept == ScalarType.Byte ? CacheRows.RowBytes(kvHeads, ProfileScale.HeadDim) : format.Bytes(kvHeads * ProfileScale.HeadDim);

    /// <summary>Some sequences attend, others each time.</summary>
    private void Decode(ScalarType kept, int group, int sequences, int turn)
    {
        var all = slots * group;
        var first = (int)((long)turn * sequences % all);
        var seen = Enumerable.Range(0, sequences).Select(n => new HostAttention.Seen((first + n) % all, 0, ProfileScale.Tokens)).ToArray();
        var layout = new SlabLayout(all, ProfileScale.Heads / group, group, ProfileScale.HeadDim);
        HostAttention.Decode(queries.Address, keys.Address, values.Address, outputs.Address, kept, layout, seen, 0.1f);
    }

    /// <summary>Memory with what is a small number in any format, the scales of 4-bit ones included.</summary>
    private static HostMemory Filled(long bytes)
    {
        var memory = new HostMemory(bytes, pinned: false);
        var all = new Span<ushort>((void*)memory.Address, checked((int)(bytes / sizeof(ushort))));
        var filled = Math.Min(1 << 16, all.Length);
        for (var n = 0; n < filled; n++)
        {
            all[n] = (ushort)(0x3000 + (n % 251));
        }

        for (; filled < all.Length; filled *= 2)
        {
            all[..Math.Min(filled, all.Length - filled)].CopyTo(all[filled..]);
        }

        return memory;
    }
}
