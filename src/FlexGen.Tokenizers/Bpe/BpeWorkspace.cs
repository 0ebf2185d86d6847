namespace FlexGen.Tokenizers.Bpe;

/// <summary>The symbols of one word and the merges of its pairs, best first.</summary>
internal sealed class BpeWorkspace
{
    private const int Gone = -1, None = int.MaxValue;
    // Up to here a look at every pair is quicker than a queue.
    private const int Few = 32;
    private readonly MergeQueue waiting = new();
    private readonly Merge[] pairs = new Merge[Few];
    private int[] ids = new int[256];
    private int[] previous = [];
    private int[] next = [];
    private int count;

    /// <summary>The symbols, merged once <see cref="MergeAll"/> has run.</summary>
    public ReadOnlySpan<int> Ids => ids.AsSpan(0, count);

    /// <summary>How many places the last long word took from the queue.</summary>
    internal int Steps { get; private set; }

    public void Start(ReadOnlySpan<char> word, IAlphabet alphabet)
    {
        if (alphabet.MostSymbols(word) is var most && most > ids.Length)
        {
            ids = new int[most];
        }

        count = alphabet.Spell(word, ids);
    }

    public void MergeAll(MergeTable merges)
    {
        if (count <= Few)
        {
            MergeFew(merges);
        }
        else
        {
            MergeMany(merges);
        }
    }

    private void MergeFew(MergeTable merges)
    {
        for (var i = 0; i + 1 < count; i++)
        {
            pairs[i] = Pair(merges, ids[i], ids[i + 1]);
        }

        while (count > 1)
        {
            var best = 0;
            for (var i = 1; i + 1 < count; i++)
            {
                best = pairs[i].Rank < pairs[best].Rank ? i : best;
            }

            if (pairs[best].Rank == None)
            {
                return;
            }

            ids[best] = pairs[best].Id;
            ids.AsSpan((best + 2)..count).CopyTo(ids.AsSpan(best + 1));
            pairs.AsSpan((best + 1)..(count - 1)).CopyTo(pairs.AsSpan(best));
            count--;
            if (best + 1 < count)
            {
                pairs[best] = Pair(merges, ids[best], ids[best + 1]);
            }

            if (best > 0)
            {
                pairs[best - 1] = Pair(merges, ids[best - 1], ids[best]);
            }
        }
    }

    private static Merge Pair(MergeTable merges, int left, int right) =>
        merges.TryGet(left, right, out var merge) ? merge : new Merge(None, Gone);

    private void MergeMany(MergeTable merges)
    {
        if (next.Length < count)
        {
            (previous, next) = (new int[ids.Length], new int[ids.Length]);
        }

        for (var i = 0; i < count; i++)
        {
            (previous[i], next[i]) = (i - 1, i + 1);
            if (i + 1 < count)
            {
                Await(i, i + 1, merges);
            }
        }

        for (Steps = 0; waiting.TryTake(out var rank, out var at); Steps++)
        {
            var right = next[at];
            // A merge on either side may have changed the pair since it was put in the queue.
            if (ids[at] == Gone || right >= count || !merges.TryGet(ids[at], ids[right], out var merge) || merge.Rank != rank)
            {
                continue;
            }

            ids[at] = merge.Id;
            ids[right] = Gone;
            next[at] = next[right];
            if (previous[at] >= 0)
            {
                Await(previous[at], at, merges);
            }

            if (next[at] < count)
            {
                previous[next[at]] = at;
                Await(at, next[at], merges);
            }
        }

        var kept = 0;
        for (var i = 0; i < count; i = next[i])
        {
            ids[kept++] = ids[i];
        }

        count = kept;
    }

    private void Await(int at, int right, MergeTable merges)
    {
        if (merges.TryGet(ids[at], ids[right], out var merge))
        {
            waiting.Add(merge.Rank, at);
        }
    }
}
