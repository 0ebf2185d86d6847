namespace FlexGen.Planning.Search;

/// <summary>What budgets would have to be for some policy to fit, where none does.</summary>
/// <param name="search">Searches it.</param>
/// <param name="request">The budgets as they are.</param>
public sealed class BudgetNeeds(PolicySearch search, SearchRequest request)
{
    /// <summary>More bytes than any budget has, and few enough for a linear program to reckon with.</summary>
    private const double Plenty = 1L << 50;

    private const double Closely = 1 << 20;

    /// <summary>The fewest bytes of a budget with which some policy would fit, the others being as they are; null: no number of bytes would do.</summary>
    public double? Alone(MemoryBudget budget)
    {
        var bytes = request.Budgets.Select(b => b.Bytes).ToArray();
        return Fewest(bytes, PlaceOf(budget));
    }

    /// <summary>
    /// Bytes with which some policy would fit, where several budgets must be more: each in its turn stays as it is, if that will do with plenty of those after
    /// it, or becomes the fewest that will.
    /// </summary>
    /// <param name="inTurn">The budgets, those first that are the last to be raised.</param>
    /// <returns>The bytes of each; null: no numbers would do.</returns>
    public IReadOnlyList<double>? Together(IReadOnlyList<MemoryBudget> inTurn)
    {
        var bytes = request.Budgets.Select(_ => Plenty).ToArray();
        var places = inTurn.Select(PlaceOf).ToList();
        foreach (var place in places)
        {
            bytes[place] = request.Budgets[place].Bytes;
            if (Fewest(bytes, place) is not { } enough)
            {
                return null;
            }

            bytes[place] = enough;
        }

        return [.. places.Select(place => bytes[place])];
    }

    /// <summary>Where it is among the request's, of which several may have the same numbers.</summary>
    private int PlaceOf(MemoryBudget budget) => request.Budgets.ToList().FindIndex(b => ReferenceEquals(b, budget));

    private double? Fewest(double[] bytes, int place)
    {
        var given = bytes[place];
        if (Fits(given))
        {
            return given;
        }

        if (!Fits(Plenty))
        {
            return null;
        }

        var (low, high) = (given, Math.Max(Closely, given * 2));
        while (!Fits(high))
        {
            (low, high) = (high, high * 2);
        }

        while (high - low > Closely)
        {
            var middle = (low + high) / 2;
            (low, high) = Fits(middle) ? (low, middle) : (middle, high);
        }

        return high;

        bool Fits(double enough) => search.Fits(request with
        {
            Budgets = [.. request.Budgets.Select((b, n) => b with { Bytes = n == place ? enough : bytes[n] })],
        });
    }
}
