namespace FlexGen.Planning.Plans;

/// <summary>Bytes by tier and by what they are for. They are not whole numbers of 64 bits because a plan may be of any size.</summary>
public sealed class TierBytes
{
    private static readonly int purposes = Enum.GetValues<Purpose>().Length;
    private readonly double[] bytes = new double[Enum.GetValues<Tier>().Length * purposes];

    /// <summary>Bytes on a tier for one purpose.</summary>
    public double this[Tier tier, Purpose purpose] => bytes[((int)tier * purposes) + (int)purpose];

    /// <summary>All bytes on a tier.</summary>
    public double this[Tier tier]
    {
        get
        {
            var sum = 0.0;
            foreach (var each in bytes.AsSpan((int)tier * purposes, purposes))
            {
                sum += each;
            }

            return sum;
        }
    }

    /// <summary>The sum of pieces.</summary>
    public static TierBytes Of(IEnumerable<Piece> pieces)
    {
        var sum = new TierBytes();
        foreach (var piece in pieces)
        {
            sum.Add(piece.Tier, piece.Purpose, piece.Bytes);
        }

        return sum;
    }

    internal void Add(Tier tier, Purpose purpose, double more) => bytes[((int)tier * purposes) + (int)purpose] += more;

    internal void Add(TierBytes other)
    {
        for (var n = 0; n < bytes.Length; n++)
        {
            bytes[n] += other.bytes[n];
        }
    }
}
