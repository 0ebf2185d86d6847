using CsCheck;
using FlexGen.Planning.Hardware;

namespace FlexGen.Planning.Tests.Hardware;

public class ProductTableTests
{
    private static readonly double[] rows = [1, 4, 64, 512];
    private static readonly double[] elements = [1e6, 4e6, 16e6];

    private static readonly Gen<ProductTable> tables =
        from seconds in Gen.Double[1e-6, 1].Array[elements.Length].Array[rows.Length]
        select new ProductTable(rows, elements, seconds);

    [Fact]
    public void At_WhereItWasMeasured_IsTheMeasurement() => Gen.Select(tables, Gen.Int[0, rows.Length - 1], Gen.Int[0, elements.Length - 1]).Sample((table, r, e) =>
        Assert.Equal(1, table.At(rows[r], elements[e]) / table.Seconds[r][e], 1e-9));

    [Fact]
    public void At_BetweenWhatWasMeasured_IsBetweenTheFourMeasurements() =>
        Gen.Select(tables, Gen.Int[0, rows.Length - 2], Gen.Int[0, elements.Length - 2], Gen.Double[0, 1], Gen.Double[0, 1]).Sample((table, r, e, down, right) =>
        {
            double[] around = [table.Seconds[r][e], table.Seconds[r][e + 1], table.Seconds[r + 1][e], table.Seconds[r + 1][e + 1]];
            var found = table.At(rows[r] + ((rows[r + 1] - rows[r]) * down), elements[e] + ((elements[e + 1] - elements[e]) * right));
            Assert.InRange(found, around.Min() * 0.999999, around.Max() * 1.000001);
        });

    [Fact]
    public void At_WithTallWeights_IsTheirMeasurementAtTheirRatio_BetweenThemBetween_AndPastTheLastThatOne() =>
        Gen.Select(tables, tables, tables, Gen.Double[0, 1]).Sample((square, tall, taller, part) =>
        {
            var all = square with { Tall = [tall with { Ratio = 4 }, taller with { Ratio = 64 }] };
            double[] at = [square.At(16, 2e6), tall.At(16, 2e6), taller.At(16, 2e6)];
            Assert.Equal([at[0], at[0]], [all.At(16, 2e6, 0.25), all.At(16, 2e6, 1)]);
            Assert.Equal(1, all.At(16, 2e6, 4) / at[1], 1e-9);
            Assert.Equal(1, all.At(16, 2e6, 5000) / at[2], 1e-9);
            Assert.InRange(all.At(16, 2e6, 1 + (3 * part)), Math.Min(at[0], at[1]) * 0.999999, Math.Max(at[0], at[1]) * 1.000001);
            Assert.Equal(square.At(16, 2e6), square.At(16, 2e6, 4));
        });

    [Fact]
    public void At_PastTheMostRows_GrowsAsTheRowsDo() => Gen.Select(tables, Gen.Double[1, 100]).Sample((table, times) =>
        Assert.Equal(times, table.At(512 * times, 4e6) / table.At(512, 4e6), 1e-6));
}
