using FlexGen.Planning.Plans;

namespace FlexGen.Planning.Cost;

/// <summary>Which sequence is in which slot, sweep by sweep, as the engine admits them: where the fewest prompt tokens are to be computed, first.</summary>
internal sealed class SlotOccupancy
{
    private readonly List<Run>[] runs;
    private readonly int[] promptRoom;
    private readonly int[] free;

    /// <summary>Of each micro-batch: a run before which none is free.</summary>
    private readonly int[] from;
    private readonly int size;
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
        (size, this.shares, this.staticBatches) = (policy.GpuBatchSize, shares.Count, staticBatches);
        runs = [.. Enumerable.Range(0, policy.GpuBatchCount).Select(_ => shares.Select((s, n) => new Run(n, s.Slots, 0, 0, IsNew: false)).ToList())];
        promptRoom = new int[policy.GpuBatchCount];
        (free, from) = ([.. Enumerable.Repeat(size, policy.GpuBatchCount)], new int[policy.GpuBatchCount]);
        waiting = sequences.GetEnumerator();
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
            occupancy.Fill(n % policy.GpuBatchCount, lengths, isNew: false);
        }

        return occupancy;
    }

    private bool IsIdle => !free.AsSpan().ContainsAnyExcept(size);

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
            Fill(k, waiting.Current, isNew: true);
            promptRoom[k] -= waiting.Current.Prompt;
            hasWaiting = waiting.MoveNext();
        }

        return !IsIdle;
    }

    /// <summary>What a micro-batch has to do in the coming sweep; null: nothing.</summary>
    public MicroBatchLoad? Load(int microBatch)
    {
        if (free[microBatch] == size)
        {
            return null;
        }

        var load = new MicroBatchLoad(shares);
        foreach (var run in runs[microBatch])
        {
            if (run is { Left: > 0, IsNew: true })
            {
                load.AddPrompts(run.Share, run.Tokens, run.Slots);
            }
            else if (run.Left > 0)
            {
                load.AddDecodes(run.Share, run.Tokens, run.Slots);
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
        foreach (var ofOne in runs)
        {
            foreach (var run in ofOne)
            {
                if (run is { Left: > 0, IsNew: true })
                {
                    return 0;
                }

                least = run.Left > 0 ? Math.Min(least, run.Left) : least;
            }
        }

        return least;
    }

    /// <summary>Gives each sequence the tokens of some sweeps, at most those of <see cref="AlikeSweeps"/>, and frees the slots of those that end.</summary>
    public void Advance(int sweeps = 1)
    {
        for (var k = 0; k < runs.Length; k++)
        {
            var (its, kept) = (runs[k], 0);
            foreach (var run in its.ToArray())
            {
                var next = run;
                if (run.Left > 0)
                {
                    next = run with { Tokens = run.Tokens + sweeps, Left = run.Left - sweeps, IsNew = false };
                    free[k] += next.Left == 0 ? run.Slots : 0;
                }

                next = next.Left == 0 ? next with { Tokens = 0 } : next;
                if (kept > 0 && its[kept - 1] is var last && last with { Slots = next.Slots } == next)
                {
                    its[kept - 1] = last with { Slots = last.Slots + next.Slots };
                }
                else
                {
                    its[kept++] = next;
                }
            }

            its.RemoveRange(kept, its.Count - kept);
            from[k] = 0;
        }
    }

    /// <summary>Puts a sequence into a micro-batch's first free slot.</summary>
    private void Fill(int microBatch, SequenceLengths lengths, bool isNew)
    {
        var (its, n) = (runs[microBatch], from[microBatch]);
        while (its[n].Left > 0)
        {
            n++;
        }

        var (found, filled) = (its[n], new Run(its[n].Share, 1, lengths.Prompt, lengths.Output, isNew));
        free[microBatch]--;
        if (n > 0 && its[n - 1] is var before && before with { Slots = 1 } == filled)
        {
            its[n - 1] = before with { Slots = before.Slots + 1 };
        }
        else
        {
            its.Insert(n++, filled);
        }

        if (found.Slots > 1)
        {
            its[n] = found with { Slots = found.Slots - 1 };
        }
        else
        {
            its.RemoveAt(n);
        }

        from[microBatch] = n;
    }

    private int? Roomiest()
    {
        int? best = null;
        for (var k = 0; k < runs.Length; k++)
        {
            if (promptRoom[k] > 0 && free[k] > 0 && (best is null || promptRoom[k] > promptRoom[best.Value]))
            {
                best = k;
            }
        }

        return best;
    }

    /// <summary>Slots that follow each other, all in the same state.</summary>
    /// <param name="Share">Of the KV cache.</param>
    /// <param name="Slots">How many.</param>
    /// <param name="Tokens">Each has, the next sweep's included: those that are computed if it is new, or that its new one sees.</param>
    /// <param name="Left">Tokens that it will yet generate; 0: the slot is free.</param>
    /// <param name="IsNew">Whether the next sweep computes its prompt.</param>
    private readonly record struct Run(int Share, int Slots, int Tokens, int Left, bool IsNew);
}
