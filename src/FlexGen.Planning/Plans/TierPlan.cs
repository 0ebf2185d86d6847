namespace FlexGen.Planning.Plans;

/// <summary>
/// What a policy makes of weights, KV cache, hidden states or what is computed with: the pieces that are allocated, and no others, and
/// their sum, which is known without listing them. It touches no memory and no device.
/// </summary>
public abstract class TierPlan
{
    /// <summary>Buffers that take turns wherever something is streamed: while what is in one is used, the other is filled.</summary>
    public const int StreamBuffers = 2;

    private protected TierPlan()
    {
    }

    /// <summary>The sum of the pieces.</summary>
    public TierBytes Bytes { get; } = new();

    /// <summary>The pieces, made when they are asked for.</summary>
    public IEnumerable<Piece> Pieces => Each().Where(p => p.Bytes > 0);

    /// <summary>The pieces, and some of no bytes.</summary>
    private protected abstract IEnumerable<Piece> Each();
}
