using CsCheck;
using FlexGen.Planning.Hardware;

namespace FlexGen.Planning.Tests.Hardware;

public class CurveTests
{
    private static readonly Gen<Curve> curves =
        from steps in Gen.Select(Gen.Double[1.01, 100], Gen.Double[1e-6, 1e3]).Array[1, 8]
        let points = steps.Aggregate((X: 1.0, Points: new List<CurvePoint>()), (at, s) => (at.X * s.Item1, [.. at.Points, new(at.X * s.Item1, s.Item2)])).Points
        select new Curve(points);

    [Fact]
    public void At_GoesThroughEachPoint() => curves.Sample(curve => Assert.All(curve.Points, p => Assert.Equal(p.Y, curve.At(p.X), p.Y * 1e-9)));

    [Fact]
    public void At_BetweenTwoPoints_IsBetweenTheirValues() => Gen.Select(curves.Where(c => c.Points.Count > 1), Gen.Int[0, 6], Gen.Double[0, 1]).Sample((curve, at, share) =>
    {
        var (low, high) = (curve.Points[at % (curve.Points.Count - 1)], curve.Points[(at % (curve.Points.Count - 1)) + 1]);
        var found = curve.At(low.X + ((high.X - low.X) * share));
        Assert.InRange(found, Math.Min(low.Y, high.Y) * 0.999999, Math.Max(low.Y, high.Y) * 1.000001);
    });

    [Fact]
    public void At_OfAPower_IsThatPowerEverywhere() =>
        Gen.Select(curves.Where(c => c.Points.Count > 1), Gen.Double[-2, 2], Gen.Double[0.001, 1000]).Sample((curve, power, times) =>
        {
            var of = new Curve([.. curve.Points.Select(p => p with { Y = Math.Pow(p.X, power) })]);
            var x = of.Points[0].X * times;
            Assert.Equal(1, of.At(x) / Math.Pow(x, power), 1e-6);
        });
}
