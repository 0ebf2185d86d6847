namespace FlexGen.Engine.Kernels.Host;

/// <summary>
/// Some rows of activations, rounded to 8 bits in a weight's groups: [groups, rows, groupBytes], so that the rows of one group lie together.
/// Within each 8 elements they lie as a word's low nibbles and then its high ones do: k0 k4 k1 k5 k2 k6 k3 k7. A group is filled up with zeros.
/// </summary>
/// <param name="Elements">The rounded numbers, -127 to 127.</param>
/// <param name="Factors">[groups, rows] pairs: what the numbers are to be multiplied by, and their sum.</param>
/// <param name="Rows">How many rows.</param>
/// <param name="GroupBytes">Bytes of a row's part in one group, a multiple of 32.</param>
internal readonly unsafe record struct RoundedStrip(IntPtr Elements, IntPtr Factors, int Rows, int GroupBytes)
{
    /// <summary>Rows that are computed with together: their sums over a tile lie in the first cache, and their elements in the second.</summary>
    public const int MostRows = 128;

    public sbyte* ElementsOf(long group) => (sbyte*)Elements + (group * Rows * GroupBytes);

    public float* FactorsOf(long group) => (float*)Factors + (group * Rows * 2);
}
