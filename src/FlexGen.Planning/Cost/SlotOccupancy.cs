using FlexGen.Planning.Plans;

namespace FlexGen.Planning.Cost;

/// <summary>Which sequence is in which slot, sweep by sweep, as the engine admits them: where the fewest prompt tokens are to be computed, first.</summary>
internal sealed class SlotOccupancy
{
    private readonly Slot[][] slots;
    private readonly int[] promptRoom;
    private readonly int[] free;

    /// <summary>Of each micro-batch: a slot before which none is free.</summary>
    private readonly int[] from;
    private readonly int[] shareOf;
    private readonly int shares;
    private readonly IEnumerator<SequenceLengths> waiting;
    private readonly bool staticBatches;
    private bool hasWaiting;

    /// <param name="policy">The policy.</param>
    /// <param name="shares">Its shares of the KV cache.</param>
    /// <param name="sequences">All that are to be generated, which wait from the beginning.</param>
    /// <param name="staticBatches">Whether the next are admitted only when all slots are free.</param>
    public SlotOccupancy(Policy policy, IReadOnlyList<CacheSharePlan> shares, IEnumerable<SequenceLengths> sequences, bool staticBatches)
    {
        slots = [.. Enumerable.Range(0, policy.GpuBatchCount).Select(_ => new Slot[policy.GpuBatchSize])];
        promptRoom = new int[policy.GpuBatchCount];
        (free, from) = ([.. Enumerable.Repeat(policy.GpuBatchSize, policy.GpuBatchCount)], new int[policy.GpuBatchCount]);
        this.shares = shares.Count;
        shareOf = [.. shares.SelectMany((s, n) => Enumerable.Repeat(n, s.Slots))];
        (waiting, this.staticBatches) = (sequences.GetEnumerator(), staticBatches);
        hasWaiting = waiting.MoveNext();
    }

    /// <summary>Some sequences that all decode, the same number in each micro-batch as far as they go.</summary>
    /// <param name="policy">The policy.</param>
    /// <param name="shares">Its shares of the KV cache.</param>
    /// <param name="lengths">Tokens that each has, and those it will yet generate.</param>
    /// <param name="count">How many.</param>
    public static SlotOccupancy Decoding(Policy policy, IReadOnlyList<CacheSharePlan> shares, SequenceLengths lengths, long count)
    {
        var occupancy = new SlotOccupancy(policy, shares, [], staticBatches: false);
        for (var n = 0; n < count; n++)
        {
            var k = n % policy.GpuBatchCount;
            occupancy.slots[k][n / policy.GpuBatchCount] = new(lengths.Prompt, lengths.Output, IsNew: false);
            occupancy.free[k]--;
        }

        return occupancy;
    }

    private bool IsIdle => !free.AsSpan().ContainsAnyExcept(slots[0].Length);

    /// <summary>Fills free slots; false when there is nothing left.</summary>
    public bool Admit()
    {
        if (staticBatches && !IsIdle)
        {
            return true;
        }

        Array.Fill(promptRoom, Policy.PrefillTokensPerPass);
        while (hasWaiting && Roomiest() is { } k)
        {
            while (slots[k][from[k]].Left > 0)
            {
                from[k]++;
            }

            slots[k][from[k]++] = new(waiting.Current.Prompt, waiting.Current.Output, IsNew: true);
            promptRoom[k] -= waiting.Current.Prompt;
            free[k]--;
            hasWaiting = waiting.MoveNext();
        }

        return !IsIdle;
    }

    /// <summary>What a micro-batch has to do in the coming sweep; null: nothing.</summary>
    public MicroBatchLoad? Load(int microBatch)
    {
        if (free[microBatch] == slots[microBatch].Length)
        {
            return null;
        }

        var (load, its) = (new MicroBatchLoad(shares), slots[microBatch]);
        for (var n = 0; n < its.Length; n++)
        {
            var slot = its[n];
            if (slot.Left == 0)
            {
                continue;
            }

            if (slot.IsNew)
            {
                load.AddPrompt(shareOf[n], slot.Tokens);
            }
            else
            {
                load.AddDecode(shareOf[n], slot.Tokens);
            }
        }

        return load;
    }

    /// <summary>Sweeps, the coming one included, through which all the same sequences decode and no other is admitted; 0: this one computes a prompt.</summary>
    public int AlikeSweeps()
    {
        if (hasWaiting && free.AsSpan().ContainsAnyExcept(0) && !staticBatches)
        {
            return 0;
        }

        var least = int.MaxValue;
        foreach (var ofOne in slots)
        {
            foreach (var slot in ofOne)
            {
                if (slot is { Left: > 0, IsNew: true })
                {
                    return 0;
                }

                least = slot.Left > 0 ? Math.Min(least, slot.Left) : least;
            }
        }

        return least;
    }

    /// <summary>
    /// Gives each sequence as many tokens as some sweeps do, at most those of <see cref="AlikeSweeps"/>, and frees the slots of those that end.
    /// </summary>
    /// <returns>Sequences that have ended.</returns>
    public int Advance(int sweeps = 1)
    {
        var ended = 0;
        for (var k = 0; k < slots.Length; k++)
        {
            for (var n = 0; n < slots[k].Length; n++)
            {
                ref var slot = ref slots[k][n];
                if (slot.Left > 0)
                {
                    slot = new(slot.Tokens + sweeps, slot.Left - sweeps, IsNew: false);
                    if (slot.Left == 0)
                    {
                        ended++;
                        free[k]++;
                        from[k] = Math.Min(from[k], n);
                    }
                }
            }
        }

        return ended;
    }

    private int? Roomiest()
    {
        int? best = null;
        for (var k = 0; k < slots.Length; k++)
        {
            if (promptRoom[k] > 0 && free[k] > 0 && (best is null || promptRoom[k] > promptRoom[best.Value]))
            {
                best = k;
            }
        }

        return best;
    }

    /// <param name="Tokens">It has, the next sweep's included: those that are computed if it is new, or that its new one sees.</param>
    /// <param name="Left">Tokens that it will yet generate; 0: the slot is free.</param>
    /// <param name="IsNew">Whether the next sweep computes its prompt.</param>
    private readonly record struct Slot(int Tokens, int Left, bool IsNew);
}
