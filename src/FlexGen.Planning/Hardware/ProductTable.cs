namespace FlexGen.Planning.Hardware;

/// <summary>Seconds of a product of some rows with a weight, as it was measured, the weight coming from memory and not from a cache.</summary>
/// <param name="Rows">Of the activations, rising.</param>
/// <param name="Elements">Of the weight, rising.</param>
/// <param name="Seconds">[rows, elements].</param>
/// <param name="Ratio">Rows of the weights by their columns.</param>
/// <param name="Tall">
/// Of weights with more rows than columns, such as a feed-forward network's first and a vocabulary's, by rising ratio, where they take another time; null:
/// they take the same.
/// </param>
/// <param name="Joined">The rows for which weights that are multiplied with the same rows are one product; null: none.</param>
public sealed record ProductTable(
    IReadOnlyList<double> Rows, IReadOnlyList<double> Elements, IReadOnlyList<IReadOnlyList<double>> Seconds, double Ratio = 1,
    IReadOnlyList<ProductTable>? Tall = null, ProductTable.Range? Joined = null)
{
    /// <summary>Some numbers of rows.</summary>
    /// <param name="Least">The fewest.</param>
    /// <param name="Most">The most.</param>
    public sealed record Range(int Least, int Most);

    /// <summary>Whether it is a table of times by rising rows and elements.</summary>
    internal bool IsSound => Rows.Count > 0 && Seconds.Count == Rows.Count && Seconds.All(s => s.Count == Elements.Count)
        && Rows.Index().All(r => new Curve([.. Elements.Zip(Seconds[r.Index], (e, s) => new CurvePoint(e, s))]).IsSound)
        && new Curve([.. Rows.Select(r => new CurvePoint(r, 1))]).IsSound
        && (Tall is null || (Tall.All(t => t is { Tall: null, IsSound: true })
            && new Curve([new(1, 1), .. Tall.Select(t => new CurvePoint(t.Ratio, 1))]).IsSound));

    /// <summary>Seconds of a product: as <see cref="At(double, double)"/> has it, and straight between the ratios that were measured.</summary>
    /// <param name="rows">Of the activations.</param>
    /// <param name="elements">Of the weight.</param>
    /// <param name="ratio">Rows of the weight by its columns; past the largest that was measured it makes no difference.</param>
    public double At(double rows, double elements, double ratio)
    {
        var square = At(rows, elements);
        return Tall is not { Count: > 0 } || ratio <= 1 ? square
            : new Curve([new(1, square), .. Tall.Select(t => new CurvePoint(t.Ratio, t.At(rows, elements)))]).At(Math.Min(ratio, Tall[^1].Ratio));
    }

    /// <summary>Seconds of a product with a square weight: on logarithmic axes straight between what was measured, and beyond.</summary>
    public double At(double rows, double elements)
    {
        // Past the most rows that were measured the time grows as they do.
        var (most, n) = (Rows[^1], 1);
        var within = Math.Min(rows, most);
        while (n < Rows.Count - 1 && Rows[n] < within)
        {
            n++;
        }

        var seconds = Rows.Count == 1 ? OfElements(0) : Curve.Between(new(Rows[n - 1], OfElements(n - 1)), new(Rows[n], OfElements(n)), within);
        return rows <= most ? seconds : seconds * rows / most;

        double OfElements(int row)
        {
            if (Elements.Count == 1)
            {
                return Seconds[row][0];
            }

            var n = 1;
            while (n < Elements.Count - 1 && Elements[n] < elements)
            {
                n++;
            }

            return Curve.Between(new(Elements[n - 1], Seconds[row][n - 1]), new(Elements[n], Seconds[row][n]), elements);
        }
    }
}
