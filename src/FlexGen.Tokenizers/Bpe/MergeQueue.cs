namespace FlexGen.Tokenizers.Bpe;

/// <summary>The places of a word whose pair can merge: those of the lowest rank first, the leftmost of equals before the
/// others. Places of one rank that come in order stand in one chain, and only the heads of chains in the heap, which
/// is small however long a text of few different pairs is.</summary>
internal sealed class MergeQueue
{
    private const int None = -1;
    private readonly PriorityQueue<int, long> heads = new();
    // The last link of a chain of some rank, by the low bits of the rank; the next place of that rank goes there.
    private readonly int[] tails = new int[256];
    private Link[] links = [new(None, None, None)];
    private int made = 1;
    private int free = None;

    public void Add(int rank, int at)
    {
        ref var tail = ref tails[rank & (tails.Length - 1)];
        var joins = links[tail].Rank == rank && links[tail].At <= at;
        var link = NewLink();
        links[link] = new Link(at, rank, None);
        if (joins)
        {
            links[tail].Next = link;
        }
        else
        {
            heads.Enqueue(link, Order(rank, at));
        }

        tail = link;
    }

    public bool TryTake(out int rank, out int at)
    {
        if (!heads.TryPeek(out var head, out _))
        {
            (rank, at) = (None, None);
            return false;
        }

        (at, rank, var next) = links[head];
        if (next == None)
        {
            heads.Dequeue();
        }
        else
        {
            heads.DequeueEnqueue(next, Order(rank, links[next].At));
        }

        links[head] = new Link(None, None, free);
        free = head;
        return true;
    }

    private static long Order(int rank, int at) => ((long)rank << 32) | (uint)at;

    private int NewLink()
    {
        if (free != None)
        {
            var link = free;
            free = links[link].Next;
            return link;
        }

        if (made == links.Length)
        {
            Array.Resize(ref links, made * 2);
        }

        return made++;
    }

    private record struct Link(int At, int Rank, int Next);
}
