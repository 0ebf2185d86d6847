namespace FlexGen.Planning.Hardware;

/// <summary>A function that was measured at some points: between them, and past the last two at either end, a straight line on logarithmic axes.</summary>
/// <param name="Points">By rising x; x and y are above 0.</param>
public sealed record Curve(IReadOnlyList<CurvePoint> Points)
{
    /// <summary>Whether its points are some, by rising x, and above 0.</summary>
    internal bool IsSound => Points.Count > 0 && Points.All(p => p.X > 0 && p.Y > 0) && Points.Zip(Points.Skip(1)).All(p => p.First.X < p.Second.X);

    /// <summary>Its value.</summary>
    /// <param name="x">Where, above 0.</param>
    public double At(double x)
    {
        if (Points.Count == 1)
        {
            return Points[0].Y;
        }

        var n = 1;
        while (n < Points.Count - 1 && Points[n].X < x)
        {
            n++;
        }

        return Between(Points[n - 1], Points[n], x);
    }

    /// <summary>The value on the line through two points, on logarithmic axes.</summary>
    internal static double Between(CurvePoint low, CurvePoint high, double x)
    {
        var slope = Math.Log(high.Y / low.Y) / Math.Log(high.X / low.X);
        return low.Y * Math.Pow(x / low.X, slope);
    }
}
