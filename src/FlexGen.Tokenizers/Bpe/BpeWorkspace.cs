namespace FlexGen.Tokenizers.Bpe;

/// <summary>The symbols of one word as a linked list in arrays, and the merges that wait, best first.</summary>
internal sealed class BpeWorkspace
{
    private const int Gone = -1;
    private readonly PriorityQueue<int, long> waiting = new();
    private int[] ids = new int[256];
    private int[] previous = new int[256];
    private int[] next = new int[256];
    private int count;

    public void Start(ReadOnlySpan<char> word, IAlphabet alphabet)
    {
        if (ids.Length < word.Length * 3)
        {
            var length = checked(word.Length * 3);
            (ids, previous, next) = (new int[length], new int[length], new int[length]);
        }
        count = alphabet.Spell(word, ids);
        for (var i = 0; i < count; i++)
        {
            (previous[i], next[i]) = (i - 1, i + 1);
        }
    }

    public void MergeAll(MergeTable merges)
    {
        waiting.Clear();
        for (var i = 0; i + 1 < count; i++)
        {
            Await(i, merges);
        }
        while (waiting.TryDequeue(out var at, out var order))
        {
            var right = next[at];
            // A merge on either side may have changed the pair since it was put in the queue.
            if (ids[at] == Gone || right >= count || !merges.TryGet(ids[at], ids[right], out var merge) || merge.Rank != order >> 32)
            {
                continue;
            }
            ids[at] = merge.Id;
            ids[right] = Gone;
            next[at] = next[right];
            if (next[at] < count)
            {
                previous[next[at]] = at;
                Await(at, merges);
            }
            if (previous[at] >= 0)
            {
                Await(previous[at], merges);
            }
        }
    }

    public void AppendTo(List<int> result)
    {
        for (var i = 0; i < count; i = next[i])
        {
            result.Add(ids[i]);
        }
    }

    private void Await(int at, MergeTable merges)
    {
        if (merges.TryGet(ids[at], ids[next[at]], out var merge))
        {
            waiting.Enqueue(at, ((long)merge.Rank << 32) | (uint)at);
        }
    }
}
